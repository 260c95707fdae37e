"""The view tree that apps build anew for every look: what stands on the screen, and what a touch there does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

Rect = tuple[int, int, int, int]
"""Left, top, right, bottom in screen pixels; right and bottom are outside."""


@dataclass(slots=True, eq=False)
class View:
    """One view: its accessibility attributes, its handlers, and how it is drawn.

    Attributes:
        class_name: As Android names it, such as android.widget.TextView.
        resource_id: "title" becomes PACKAGE:id/title in the source; one with a colon stays.
        frame: Where it lies, also outside of what is visible.
        bounds: What of `frame` is visible; set by `finish`.
        key: Names the field or list that its screen keeps state for.
        value: Of a SeekBar or ProgressBar, its position; its text in the source is then this number.
        web: It follows the source's rules for nodes in a WebView.
        pixels_only, tree_only: Only in the picture; only in the source.
        on_tap, on_long_press, on_enter: Called without arguments.
        on_text: Called with the field's whole new text.
        on_scroll: Called with pixels to move on by; positive shows what is further down (or right).
        on_slide: Called with the new position, 0.0 to 1.0.
        on_swipe: Called with "left", "right", "up" or "down": where the finger went.
        fill, outline, color: Colours of ground, border and words (#rrggbb), "" for none.
        size: Height of the letters in pixels.
        align: "left", "center" or "right".
        icon, image: Name of a drawn icon; bytes of a picture file.
    """

    class_name: str = "android.view.View"
    text: str = ""
    description: str = ""
    resource_id: str = ""
    hint: str = ""
    frame: Rect = (0, 0, 0, 0)
    bounds: Rect = (0, 0, 0, 0)
    children: list[View] = field(default_factory=list["View"])
    clickable: bool = False
    long_clickable: bool = False
    checkable: bool = False
    checked: bool = False
    enabled: bool = True
    focusable: bool = False
    focused: bool = False
    scrollable: bool = False
    selected: bool = False
    password: bool = False
    multiline: bool = False
    heading: bool = False
    collection: bool = False
    dismissable: bool = False
    input_type: int = 0
    pane_title: str = ""
    key: str = ""
    value: float | None = None
    top: float = 1.0
    web: bool = False
    pixels_only: bool = False
    tree_only: bool = False
    on_tap: Callable[[], object] | None = None
    on_long_press: Callable[[], object] | None = None
    on_enter: Callable[[], object] | None = None
    on_text: Callable[[str], object] | None = None
    on_scroll: Callable[[int], object] | None = None
    on_slide: Callable[[float], object] | None = None
    on_swipe: Callable[[str], object] | None = None
    horizontal: bool = False
    fill: str = ""
    outline: str = ""
    color: str = ""
    size: int = 42
    bold: bool = False
    align: str = "left"
    radius: int = 0
    pad: int = 0
    icon: str = ""
    image: bytes = b""
    draw: str = ""

    def __post_init__(self) -> None:
        if self.on_tap is not None:
            self.clickable = True
            self.focusable = True
        if self.on_long_press is not None:
            self.long_clickable = True
        if self.on_scroll is not None:
            self.scrollable = True

    @property
    def width(self) -> int:
        """Of its frame, in pixels."""
        return self.frame[2] - self.frame[0]

    @property
    def height(self) -> int:
        """Of its frame, in pixels."""
        return self.frame[3] - self.frame[1]

    @property
    def center(self) -> tuple[int, int]:
        """The middle of what is visible."""
        left, top, right, bottom = self.bounds
        return (left + right) // 2, (top + bottom) // 2

    def move(self, dx: int, dy: int) -> View:
        """Shift it with all beneath it; returns itself."""
        if dx or dy:
            left, top, right, bottom = self.frame
            self.frame = (left + dx, top + dy, right + dx, bottom + dy)
            for child in self.children:
                child.move(dx, dy)
        return self

    def contains(self, x: int, y: int) -> bool:
        """Whether a point lies in what is visible."""
        left, top, right, bottom = self.bounds
        return left <= x < right and top <= y < bottom

    def walk(self) -> Iterator[View]:
        """This view and all beneath it, parents first."""
        yield self
        for child in self.children:
            yield from child.walk()


def meet(a: Rect, b: Rect) -> Rect:
    """What two rectangles share; empty (right <= left or bottom <= top) if nothing."""
    return max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])


def finish(view: View, clip: Rect) -> View:
    """Set what is visible of a view and of all beneath it, and drop what is not."""
    view.bounds = meet(view.frame, clip)
    kept: list[View] = []
    for child in view.children:
        left, top, right, bottom = meet(child.frame, view.bounds)
        if left < right and top < bottom:
            kept.append(finish(child, view.bounds))
    view.children = kept
    return view


def chain_at(view: View, x: int, y: int) -> list[View]:
    """The views under a point, outermost first, following the topmost child at each level."""
    if not view.contains(x, y):
        return []
    for child in reversed(view.children):
        chain = chain_at(child, x, y)
        if chain:
            return [view, *chain]
    return [view]


def taker(view: View, x: int, y: int, wants: Callable[[View], bool]) -> View | None:
    """The view that takes a touch: the topmost child that wants it, else what lies beneath it, else the parent."""
    if not view.contains(x, y):
        return None
    for child in reversed(view.children):
        found = taker(child, x, y, wants)
        if found is not None:
            return found
    return view if wants(view) else None
