"""The accessibility tree as text, in the two dialects that tools on a true phone print.

`source` has the attributes, order and null rules of UiAutomator2 server 10.6 (`UiElementSnapshot`): booleans always,
strings only where Android has one, `text` always. `dump` is what `uiautomator dump` writes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from .view import View

ATTRIBUTES = (
    "index package class text content-desc resource-id checkable checked clickable enabled focusable focused "
    "long-clickable password scrollable selection-start selection-end selected bounds displayed hint extras "
    "a11y-important screen-reader-focusable input-type drawing-order showing-hint text-entry-key multiline dismissable "
    "a11y-focused heading live-region context-clickable max-text-length content-invalid error pane-title tooltip-text "
    "text-has-clickable-span actions window-id text-size text-unit is-collection is-collection-item"
).split()
"""The attributes that a node of the source may have, in their order."""

_TOAST_PACKAGE = "com.android.settings"
_UNSAFE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def escape(text: str) -> str:
    """Text as an XML attribute's value; what XML cannot hold becomes a question mark."""
    return (
        _UNSAFE.sub("?", text)
        .replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
        .replace("\n", "&#10;").replace("\r", "&#13;").replace("\t", "&#9;")
    )  # fmt: skip


def tag_of(class_name: str) -> str:
    """The tag of a class: $, @, # and & become dots."""
    return re.sub(r"\.+", ".", re.sub(r"[$@#&]", ".", class_name)).strip(".") or "android.view.View"


def words_of(view: View) -> str:
    """The node's text: the hint while a field is empty, the number of a slider, dots of a password."""
    if view.value is not None:
        return str(float(round(view.value * view.top, 2)))
    if view.password:
        return "•" * len(view.text) or view.hint
    return view.text or view.hint


def full_id(view: View, package: str) -> str:
    """The resource id as the source has it; "" for none."""
    if not view.resource_id or ":" in view.resource_id or view.web:
        return view.resource_id
    return f"{package}:id/{view.resource_id}"


def _flag(value: bool) -> str:
    return "true" if value else "false"


def box(view: View) -> str:
    """Its visible bounds as [left,top][right,bottom]."""
    left, top, right, bottom = view.bounds
    return f"[{left},{top}][{right},{bottom}]"


def attributes(
    view: View, package: str, index: int, *, window: int = 1, item: bool = False
) -> dict[str, str]:
    """What the source says of one view, in the source's order; absent where Android has null."""
    editable = view.on_text is not None
    at: dict[str, str] = {
        "index": str(index), "package": package, "class": view.class_name, "text": words_of(view),
    }  # fmt: skip
    if view.description:
        at["content-desc"] = view.description
    if view.resource_id:
        at["resource-id"] = full_id(view, package)
    at |= {
        "checkable": _flag(view.checkable), "checked": _flag(view.checked), "clickable": _flag(view.clickable),
        "enabled": _flag(view.enabled), "focusable": _flag(view.focusable), "focused": _flag(view.focused),
        "long-clickable": _flag(view.long_clickable), "password": _flag(view.password),
        "scrollable": _flag(view.scrollable), "selected": _flag(view.selected), "bounds": box(view),
        "displayed": "true",
    }  # fmt: skip
    if view.hint or view.web:
        at["hint"] = view.hint
    at["a11y-important"] = "true"
    at["screen-reader-focusable"] = _flag(view.web and bool(view.text))
    if editable:
        at["input-type"] = str(view.input_type or (131073 if view.multiline else 1))
    at |= {
        "drawing-order": "0" if view.web else str(index + 1),
        "showing-hint": _flag(editable and not view.text and bool(view.hint)),
        "text-entry-key": "false",
        "dismissable": _flag(view.dismissable),
        "a11y-focused": "false",
        "heading": _flag(view.heading),
        "live-region": "0",
        "context-clickable": "false",
        "content-invalid": "false",
    }
    if view.pane_title:
        at["pane-title"] = view.pane_title
    if view.web:
        at["tooltip-text"] = ""
    at["window-id"] = str(window)
    if view.collection:
        at["is-collection"] = "true"
    if item:
        at["is-collection-item"] = "true"
    return at


def in_tree(view: View) -> list[tuple[int, View]]:
    """The children that the source has, with their index."""
    return [(n, child) for n, child in enumerate(view.children) if not child.pixels_only]


def _write(view: View, package: str, index: int, depth: int, window: int, item: bool, out: list[str]) -> None:
    tag = tag_of(view.class_name)
    parts = [
        f'{k}="{escape(v)}"' for k, v in attributes(view, package, index, window=window, item=item).items()
    ]
    pad = "  " * depth
    inside = in_tree(view)
    if not inside:
        out.append(f"{pad}<{tag} {' '.join(parts)} />")
        return
    out.append(f"{pad}<{tag} {' '.join(parts)}>")
    for n, child in inside:
        _write(child, package, n, depth + 1, window, view.collection, out)
    out.append(f"{pad}</{tag}>")


def source(
    roots: Sequence[tuple[str, View]], toasts: Sequence[str], rotation: int, width: int, height: int
) -> str:
    """UiAutomator2's page source.

    Args:
        roots: Package and root view of each window that is shown to accessibility, as a rule one.
        toasts: Texts of the toasts on the screen.
        rotation: Quarter turns.
        width, height: Of the screen as it is turned, in pixels.
    """
    out = [
        "<?xml version='1.0' encoding='UTF-8' standalone='yes' ?>",
        f'<hierarchy index="0" class="hierarchy" rotation="{rotation}" width="{width}" height="{height}">',
    ]
    for n, (package, root) in enumerate(roots):
        _write(root, package, n, 1, n + 1, False, out)
    for n, words in enumerate(toasts, len(roots)):
        out.append(
            f'  <android.widget.Toast index="{n}" package="{_TOAST_PACKAGE}" class="android.widget.Toast" '
            f'text="{escape(words)}" displayed="true" />'
        )
    out.append("</hierarchy>")
    return "\n".join(out)


def _not_friendly(view: View) -> bool:
    """uiautomator's NAF: it can be clicked and enabled, but neither it nor anything beneath has words."""
    if not (view.clickable and view.enabled):
        return False
    return not any(words_of(v) or v.description for v in view.walk())


def _dump(view: View, package: str, index: int, out: list[str]) -> None:
    naf = 'NAF="true" ' if _not_friendly(view) else ""
    at = {
        "text": words_of(view), "resource-id": full_id(view, package), "class": view.class_name, "package": package,
        "content-desc": view.description, "checkable": _flag(view.checkable), "checked": _flag(view.checked),
        "clickable": _flag(view.clickable), "enabled": _flag(view.enabled), "focusable": _flag(view.focusable),
        "focused": _flag(view.focused), "scrollable": _flag(view.scrollable),
        "long-clickable": _flag(view.long_clickable), "password": _flag(view.password),
        "selected": _flag(view.selected), "bounds": box(view),
    }  # fmt: skip
    head = f'<node {naf}index="{index}" ' + " ".join(f'{k}="{escape(v)}"' for k, v in at.items())
    inside = in_tree(view)
    if not inside:
        out.append(head + " />")
        return
    out.append(head + ">")
    for n, child in inside:
        _dump(child, package, n, out)
    out.append("</node>")


def dump(root: tuple[str, View], rotation: int) -> str:
    """What `uiautomator dump` writes of the active window."""
    out = ["<?xml version='1.0' encoding='UTF-8' standalone='yes' ?>", f'<hierarchy rotation="{rotation}">']
    _dump(root[1], root[0], 0, out)
    out.append("</hierarchy>")
    return "".join(out)
