"""What an action would do, read from the control it touches: never from what a model says of its own act."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .action import Action
from .tree import Bounds, Node, Tree
from .words import NO, YES, ActionClass, classes_of, classes_said, normal

_LAUNCHER = re.compile(r"launcher|\.home$|nexuslauncher", re.IGNORECASE)
_KEYBOARD = re.compile(r"inputmethod|\.ime$|\.ime\.|keyboard|honeyboard", re.IGNORECASE)
_STORE = re.compile(r"vending|packageinstaller|\.store$|appstore|market", re.IGNORECASE)
_PERMISSION = re.compile(r"permissioncontroller|packageinstaller")
_CHOOSER = re.compile(r"^android$|intentresolver")
_CLOCK = re.compile(r"deskclock|\.clock|calculator|timer", re.IGNORECASE)
_TELEPHONE = re.compile(r"contacts|dialer|\.phone$|incallui", re.IGNORECASE)
_NUMBER = re.compile(r"\+?[\d ()/.-]{5,}")
_MAIL = re.compile(r"mail|\.gm$|outlook", re.IGNORECASE)
_CHAT = re.compile(
    r"messag|sms|mms|whatsapp|kakao|telegram|chat|slack|discord|signal|\.line\.|orca|viber|wechat",
    re.IGNORECASE,
)
_CHAT_FIELD = re.compile(r"message|reply|compose|chat|comment|메시지|답장|댓글|문자", re.IGNORECASE)
_OTHER_FIELD = re.compile(r"search|find|recipient|subject|address|\bto\b|검색|받는|제목|주소", re.IGNORECASE)
_STORE_WORDS = ("get", "update", "update all", "받기", "업데이트", "모두 업데이트")
_BINS = ("trash", "bin", "휴지통")
_DIALOG = re.compile(
    r"dialog|alert|parentpanel|bottom_?sheet|popup|grant_|permission_|confirm_?(?:panel|box)|modal",
    re.IGNORECASE,
)
_GRAVE: frozenset[ActionClass] = frozenset(("pay", "install", "uninstall", "grant", "reset"))
_SLIDE = re.compile(r"^(?:slide|swipe|drag|pull)(?: right| left)? to |^밀어서 ")
_DECORATION = frozenset(
    "button btn fab icon img image view action menu item text tv iv container layout floating option the id ok b m"
    .split()
)  # fmt: skip


def classify_action(
    action: Action, chain: Sequence[Node], package: str, tree: Tree
) -> frozenset[ActionClass]:
    """What an action does that may need consent.

    Args:
        action: The action; `text` is what would be typed.
        chain: The node that is touched and its ancestors, outermost first, as `Tree.at` gives it; for typing and keys,
            that of the focused field.
        package: The app in front.
        tree: The screen.
    """
    match action.kind:
        case "tap" | "long_press":
            return frozenset(_touch(chain, package, tree))
        case "swipe":
            label = normal(words_of(chain))
            return frozenset(classes_of(_SLIDE.sub("", label), open_too=True) if _SLIDE.search(label) else ())
        case "type":
            return frozenset(_typing(action.text, chain, package))
        case "key" if action.key == "enter":
            return frozenset(_enter(chain, package, tree))
        case _:
            return frozenset()


def words_of(chain: Sequence[Node]) -> str:
    """What the touched control is called: its own words, else the first that stand in it."""
    node = acting(chain)
    if node is None:
        return ""
    own = (node.text if not node.password else "") or node.description
    return own or next((w for n in node.walk() if (w := n.text or n.description) and not n.password), "")


def acting(chain: Sequence[Node]) -> Node | None:
    """The node that takes the touch: the innermost clickable one; in a web page, the innermost with words."""
    if not chain:
        return None
    for node in reversed(chain):
        if node.clickable or node.long_clickable or node.editable or node.checkable:
            return node
        if node.class_name.endswith("WebView"):
            break
    return next((n for n in reversed(chain) if n.text or n.description), chain[-1])


def _touch(chain: Sequence[Node], package: str, tree: Tree) -> set[ActionClass]:
    node = acting(chain)
    if node is None or node.editable:
        return set()
    owner = node.package or package
    if _KEYBOARD.search(owner):
        return set()
    label = words_of(chain)
    text = normal(label)
    if NO.fullmatch(text):
        return set()
    box = _dialog(chain, tree)
    row = _is_row(chain, node) and box is None
    if node.checkable and node.checked:
        return set()  # it is taken away, not given
    found = classes_of(label, open_too=not row)
    if not found and not row:
        found = classes_of(_id_words(node.resource_id), open_too=False)
    if text in _BINS and re.search(r"Button|Image", node.class_name):
        found.add("delete")  # as a row it is a folder
    if not found and box is not None and (YES.fullmatch(text) or node.resource_id == "android:id/button1"):
        found = _dialog_says(box)
    if not found and _CHOOSER.search(owner) and _says_share(tree):
        found.add("share")
    return _by_app(found, text, owner, tree)


def _by_app(found: set[ActionClass], text: str, owner: str, tree: Tree) -> set[ActionClass]:
    """What the app in front says about a word: "Reset" on a stopwatch, "Get" in a store, an icon on the home screen."""
    if _LAUNCHER.search(owner):
        return {name for name in found if name == "uninstall"}
    if _CLOCK.search(owner):
        found.discard("reset")
    if _TELEPHONE.search(owner) and _NUMBER.fullmatch(text):
        found.add("call")  # a number in a contact's card rings at a touch
    if owner == "com.android.systemui":
        found.discard("delete")  # dismissing notifications
    if _STORE.search(owner) and text in (
        "get",
        "update",
        "update all",
        "open and install",
        "받기",
        "업데이트",
        "모두 업데이트",
    ):
        found.add("install")
    if _PERMISSION.search(owner) and YES.fullmatch(text) and not found:
        found = classes_said(" ".join(_texts(tree.roots)))
    return found


def _typing(text: str, chain: Sequence[Node], package: str) -> set[ActionClass]:
    field = chain[-1] if chain else None
    found: set[ActionClass] = set()
    if field is not None and field.password:
        found.add("login")
    if text.endswith("\n") and field is not None and _sends_on_enter(field, package):
        found.add("send")
    if _card_number(text):
        found.add("pay")
    return found


def _enter(chain: Sequence[Node], package: str, tree: Tree) -> set[ActionClass]:
    field = chain[-1] if chain else None
    if field is None or not field.editable:
        focused = next((n for n in tree.walk() if n.focused and n.clickable and not n.editable), None)
        return _touch(tree.at(*focused.bounds.center), package, tree) if focused else set()
    if field.password:
        return {"login"}
    return {"send"} if _sends_on_enter(field, package) else set()


def _sends_on_enter(field: Node, package: str) -> bool:
    about = " ".join((field.hint, field.description, field.resource_id.rpartition("/")[2].replace("_", " ")))
    if field.showing_hint:
        about += " " + field.text
    if _OTHER_FIELD.search(about) or _MAIL.search(package):
        return False
    return bool(_CHAT.search(package) or _CHAT_FIELD.search(about))


def _is_row(chain: Sequence[Node], node: Node) -> bool:
    """Whether the node is a row of a list: content more often than a command."""
    if re.search(r"Button|Chip|Image", node.class_name):
        return False
    at = next(i for i, n in enumerate(chain) if n is node)
    if any(n.scrollable for n in chain[:at]):
        return True
    # A short list does not scroll; its rows still are several words in a box without words of its own.
    inside = sum(bool(n.text) for child in node.children for n in child.walk())
    return not (node.text or node.description) and inside > 1


def _dialog(chain: Sequence[Node], tree: Tree) -> Node | None:
    """The dialog, sheet or menu that the touched node stands in."""
    screen = tree.screen
    for node in reversed(chain[:-1]):
        name = node.resource_id.rpartition("/")[2]
        if node.pane_title or _DIALOG.search(name) or _DIALOG.search(node.class_name):
            return node if _smaller(node.bounds, screen) or not name.startswith("content") else None
    root = chain[0] if chain else None
    if root is not None and (len(tree.roots) > 1 or tree.width) and _smaller(root.bounds, screen):
        return root
    button = chain[-1].resource_id if chain else ""
    if re.fullmatch(r"android:id/button[123]", button):
        return root
    return None


def _smaller(box: Bounds, screen: Bounds) -> bool:
    area = (box.right - box.left) * (box.bottom - box.top)
    return 0 < area < 0.8 * screen.right * screen.bottom


def _dialog_says(box: Node) -> set[ActionClass]:
    """What a dialog asks leave for: its title says so, its body where the title does not. A body often shows content
    (the message that is to be deleted); beside a clear title only grave deeds are read from it."""
    title, *rest = [t for t in (box.pane_title, *_texts((box,))) if t] or [""]
    found = classes_said(title)
    body = classes_said(" ".join(rest))
    found = found | (body & _GRAVE) if found else body
    return found - {"delete"} if found & {"reset", "uninstall"} else found


def _texts(roots: Sequence[Node]) -> list[str]:
    """The texts that are no buttons."""
    return [
        words
        for root in roots
        for node in root.walk()
        if (words := node.text or node.description) and not (node.clickable or node.password or node.editable)
    ]


def _says_share(tree: Tree) -> bool:
    return any(
        re.search(r"\bshar(?:e|ing)\b|공유|send (?:to|with)", t.lower()) for t in _texts(tree.roots)[:6]
    )


def _id_words(resource_id: str) -> str:
    """`com.app:id/sendMessageButton` → "send message"."""
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", resource_id.rpartition("/")[2]).lower()
    return " ".join(token for token in re.split(r"[_\W\d]+", name) if token and token not in _DECORATION)


def _card_number(text: str) -> bool:
    digits = re.sub(r"[ -]", "", text.strip())
    if not re.fullmatch(r"\d{13,19}", digits):
        return False
    total = 0
    for place, digit in enumerate(reversed(digits)):  # Luhn's check, ISO/IEC 7812-1
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
