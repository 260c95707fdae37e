"""Elements, as the UiAutomator2 server finds, reads and fills them: one function a route, the lock being held."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Any

from .gestures import reference, scroll
from .uia import Handler, Parameters, UiaServer
from .wires import WireError, box_of, scrollable_of, search

if TYPE_CHECKING:
    from .selector import Element


def tree(uia: UiaServer) -> Element:
    """The hierarchy as it is now."""
    from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]

    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
    return etree.fromstring(uia.android.source().encode(), parser)


def window_of(uia: UiaServer) -> str:
    """Names the window in front: elements of another are stale."""
    return "/".join(uia.android.front)


def by_reference(uia: UiaServer, value: Any) -> Element:
    """The element that a client means, as it is now; raises `WireError`."""
    return uia.cache.find(reference(value), tree(uia), window_of(uia))


# Looking for elements


def _find(uia: UiaServer, p: Parameters, _: list[str]) -> Any:
    found = _search(uia, p)
    if not found:
        raise WireError(
            "no such element",
            "No element of the page meets the search parameters",
        )
    return uia.cache.keep(found[0], window_of(uia))


def _find_all(uia: UiaServer, p: Parameters, _: list[str]) -> Any:
    return [uia.cache.keep(element, window_of(uia)) for element in _search(uia, p)]


def _search(uia: UiaServer, p: Parameters) -> list[Element]:
    strategy, value = p.get("using") or p.get("strategy"), p.get("value") or p.get("selector")
    if not isinstance(strategy, str) or not isinstance(value, str):
        raise WireError("invalid argument", "a search needs a strategy and a selector")
    wanted = scrollable_of(strategy, value)
    if wanted is not None:
        return _scroll_to(uia, *wanted)
    context = p.get("context")
    root = tree(uia)
    if context:
        root = uia.cache.find(reference(context), root, window_of(uia))
    return search(root, strategy, value, uia.android.front[0])


def _scroll_to(uia: UiaServer, container: Any, target: Any, swipes: int) -> list[Element]:
    """UiScrollable: back to the list's beginning, then on until the target shows."""
    from .selector import select

    for way, limit in (("up", swipes), ("down", swipes)):
        for _ in range(limit + 1):
            root = tree(uia)
            found = list(select(root, target))
            if found:
                return found
            lists = list(select(root, container))
            if not lists or not scroll(uia, box_of(lists[0]), way, 0.8):
                break
    return []


def _active(uia: UiaServer, p: Parameters, _: list[str]) -> Any:
    focused = [e for e in tree(uia).iterdescendants() if e.get("focused") == "true"]
    if not focused:
        raise WireError("no such element", "No element has the focus")
    return uia.cache.keep(focused[-1], window_of(uia))


# One element


def _element(uia: UiaServer, arguments: list[str]) -> Element:
    return by_reference(uia, arguments[0])


def _click(uia: UiaServer, p: Parameters, a: list[str]) -> Any:
    left, top, right, bottom = box_of(_element(uia, a))
    uia.android.touch((left + right) // 2, (top + bottom) // 2)


def _value(uia: UiaServer, p: Parameters, a: list[str]) -> Any:
    element = _element(uia, a)
    text = text_of(p)
    box = box_of(element)
    if (element.get("class") or "").endswith("SeekBar"):
        return _slide(uia, box, text)
    _focus(uia, element, a)
    if p.get("replace"):
        uia.android.clear_text()
    type_text(uia, text)
    return None


def type_text(uia: UiaServer, text: str) -> None:
    """As on the device: appended; a line feed at the end is the Enter key."""
    body = text[:-1] if text.endswith("\n") else text
    if body and not uia.android.write(body):
        raise WireError("invalid element state", "No field has the focus")
    if body != text:
        uia.android.shell("input keyevent 66")


def _slide(uia: UiaServer, box: tuple[int, int, int, int], text: str) -> None:
    try:
        part = min(max(float(text), 0.0), 100.0) / 100
    except ValueError:
        raise WireError("invalid argument", f"a slider takes a number from 0 to 100, not '{text}'") from None
    left, top, right, bottom = box
    uia.android.touch(round(left + part * (right - 1 - left)), (top + bottom) // 2)


def _focus(uia: UiaServer, element: Element, a: list[str]) -> None:
    if element.get("focused") == "true":
        return
    left, top, right, bottom = box_of(element)
    uia.android.touch((left + right) // 2, (top + bottom) // 2)
    if _element(uia, a).get("focused") != "true":
        raise WireError("invalid element state", "The element takes no text")


def text_of(p: Parameters) -> str:
    """The text of a request, in any of the forms that clients send; raises `WireError`."""
    text = p.get("text", p.get("value"))
    if isinstance(text, list):
        text = "".join(str(part) for part in text)
    if not isinstance(text, str):
        raise WireError("invalid argument", "there is no text to type")
    return text


def _clear(uia: UiaServer, p: Parameters, a: list[str]) -> Any:
    _focus(uia, _element(uia, a), a)
    uia.android.clear_text()


def _text(uia: UiaServer, p: Parameters, a: list[str]) -> Any:
    return _element(uia, a).get("text") or ""


_NAMES = {
    "className": "class",
    "contentDescription": "content-desc",
    "longClickable": "long-clickable",
    "resourceId": "resource-id",
    "name": "content-desc",
    "selectionStart": "selection-start",
    "selectionEnd": "selection-end",
}
_KNOWN = frozenset(
    "bounds checkable checked class clickable content-desc displayed enabled focusable focused hint index "
    "long-clickable package password resource-id scrollable selected selection-end selection-start text "
    "contentSize a11y-important screen-reader-focusable input-type drawing-order showing-hint heading pane-title "
    "window-id dismissable error".split()
)


def _attribute(uia: UiaServer, p: Parameters, a: list[str]) -> Any:
    element, name = _element(uia, a), _NAMES.get(a[1], a[1])
    if name not in _KNOWN:
        raise WireError("invalid argument", f"'{a[1]}' attribute is unknown for the element")
    if name == "contentSize":
        left, top, right, bottom = box_of(element)
        return (
            f'{{"width":{right - left},"height":{bottom - top},"top":{top},"left":{left},'
            f'"scrollableOffset":0,"touchPadding":0}}'
        )
    value = element.get(name)
    return element.get("text") if a[1] == "name" and not value else value


def _name(uia: UiaServer, p: Parameters, a: list[str]) -> Any:
    return _attribute(uia, p, [a[0], "name"])


def _rect(uia: UiaServer, p: Parameters, a: list[str]) -> Any:
    left, top, right, bottom = box_of(_element(uia, a))
    return {"x": left, "y": top, "width": right - left, "height": bottom - top}


def _location(uia: UiaServer, p: Parameters, a: list[str]) -> Any:
    rect = _rect(uia, p, a)
    return {"x": rect["x"], "y": rect["y"]}


def _size(uia: UiaServer, p: Parameters, a: list[str]) -> Any:
    rect = _rect(uia, p, a)
    return {"width": rect["width"], "height": rect["height"]}


def _first_visible(uia: UiaServer, p: Parameters, a: list[str]) -> Any:
    children = list(_element(uia, a))
    if not children:
        raise WireError("no such element", "The element has no children")
    return uia.cache.keep(children[0], window_of(uia))


def _element_picture(uia: UiaServer, p: Parameters, a: list[str]) -> Any:
    from PIL import Image

    box = box_of(_element(uia, a))
    with Image.open(io.BytesIO(uia.android.screenshot())) as picture:
        out = io.BytesIO()
        picture.crop(box).save(out, "PNG")
    return base64.b64encode(out.getvalue()).decode()


_S = "/session/:s"
_E = f"{_S}/element/([^/]+)"

ELEMENT_ROUTES: list[tuple[str, str, Handler]] = [
    ("POST", f"{_S}/element", _find),
    ("POST", f"{_S}/elements", _find_all),
    ("GET", f"{_S}/element/active", _active),
    ("POST", f"{_E}/click", _click),
    ("POST", f"{_E}/clear", _clear),
    ("POST", f"{_E}/value", _value),
    ("GET", f"{_E}/text", _text),
    ("GET", f"{_E}/attribute/([^/]+)", _attribute),
    ("GET", f"{_E}/name", _name),
    ("GET", f"{_E}/rect", _rect),
    ("GET", f"{_E}/location", _location),
    ("GET", f"{_E}/size", _size),
    ("GET", f"{_E}/screenshot", _element_picture),
    ("GET", f"{_S}/appium/element/([^/]+)/first_visible", _first_visible),
]
