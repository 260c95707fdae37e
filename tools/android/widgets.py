"""Words, icons, buttons, fields, switches: the single views of the toolkit."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from .. import _lettering as words
from .theme import MARGIN, NAV, Theme, mix
from .view import View

if TYPE_CHECKING:
    from .app import Screen

Handler = Callable[[], object]

_AVATARS = ("#3B5BA9", "#B3541E", "#2E7D32", "#8E24AA", "#00838F", "#AD1457", "#5D4037", "#455A64")


class Widgets:
    """Builds the single views of one screen.

    Args:
        screen: Where fields and lists keep their state.
        colours: Its theme.
        width, height: The whole screen as it is turned, in pixels.
        keyboard: Pixels at the bottom that the keyboard takes; 0 when it is down or lies over the app.
        recycling: Lists hold only the rows that are shown.
    """

    def __init__(
        self,
        screen: Screen,
        colours: Theme,
        width: int,
        height: int,
        *,
        keyboard: int = 0,
        recycling: bool = True,
    ) -> None:
        self.screen = screen
        self.theme = colours
        self.width = width
        self.height = height
        self.bottom = height - max(NAV, keyboard)
        self.recycling = recycling

    # Plain things

    def text(
        self, text: str, *, size: int = 42, color: str = "", bold: bool = False, width: int = 0, lines: int = 0,
        id: str = "", align: str = "left", heading: bool = False,
    ) -> View:  # fmt: skip
        """Words, wrapped to `width` (0: as wide as they are, at most the screen) and at most `lines` lines."""
        room = width or min(words.width(text, size) + 4, self.width - 2 * MARGIN)
        count = len(words.wrap(text, size, room, lines))
        return View(
            "android.widget.TextView", text, resource_id=id, frame=(0, 0, room, count * words.line_height(size)),
            size=size, bold=bold, color=color or self.theme.ink, align=align, heading=heading,
        )  # fmt: skip

    def space(self, height: int, width: int = 0) -> View:
        """Nothing, of a size; containers leave it out of the tree."""
        return View("", frame=(0, 0, width, height))

    def divider(self) -> View:
        """A thin line across."""
        return View("android.view.View", frame=(0, 0, self.width, 2), fill=self.theme.line)

    def icon(
        self, name: str, *, size: int = 63, box: int = 0, color: str = "", description: str = "", id: str = ""
    ) -> View:
        """A drawn icon that is only looked at."""
        side = box or size
        return View(
            "android.widget.ImageView", description=description, resource_id=id, frame=(0, 0, side, side),
            icon=name, size=size, color=color or self.theme.muted,
        )  # fmt: skip

    def icon_button(
        self, name: str, description: str, on_tap: Handler, *, id: str = "", color: str = "", enabled: bool = True,
        box: int = 126,
    ) -> View:  # fmt: skip
        """An icon that is tapped; `description` names it."""
        return View(
            "android.widget.ImageButton", description=description, resource_id=id, frame=(0, 0, box, box), icon=name,
            size=63, color=color or self.theme.muted, on_tap=on_tap if enabled else None, enabled=enabled,
        )  # fmt: skip

    def image(
        self,
        data: bytes,
        width: int,
        height: int,
        *,
        description: str = "",
        id: str = "",
        on_tap: Handler | None = None,
    ) -> View:
        """A picture from a file's bytes, fitted into a box."""
        return View(
            "android.widget.ImageView", description=description, resource_id=id, frame=(0, 0, width, height),
            image=data, fill=self.theme.card, on_tap=on_tap,
        )  # fmt: skip

    def button(
        self, label: str, on_tap: Handler, *, filled: bool = False, id: str = "", enabled: bool = True, width: int = 0,
        danger: bool = False,
    ) -> View:  # fmt: skip
        """A button with words."""
        colour = self.theme.danger if danger else self.theme.primary
        wide = width or words.width(label, 40) + 96
        ground = colour if filled and enabled else (self.theme.line if filled else "")
        return View(
            "android.widget.Button", label, resource_id=id, frame=(0, 0, wide, 110), size=40, bold=True, align="center",
            color=(self.theme.on_primary if filled else colour) if enabled else self.theme.muted, fill=ground,
            radius=55, on_tap=on_tap if enabled else None, clickable=True, focusable=True, enabled=enabled,
        )  # fmt: skip

    def chip(self, label: str, on_tap: Handler, *, selected: bool = False, id: str = "") -> View:
        """A small choice with words."""
        return View(
            "android.widget.Button", label, resource_id=id, frame=(0, 0, words.width(label, 36) + 72, 88), size=36,
            align="center", selected=selected, fill=self.theme.tint if selected else "", radius=20,
            outline=self.theme.line, on_tap=on_tap, color=self.theme.primary if selected else self.theme.muted,
        )  # fmt: skip

    def avatar(self, name: str, *, size: int = 105) -> View:
        """A disc with a name's first letter; not in the tree's words."""
        colour = _AVATARS[sum(map(ord, name)) % len(_AVATARS)]
        return View(
            "android.widget.ImageView", frame=(0, 0, size, size), fill=mix(colour, "#FFFFFF", 0.85), radius=size // 2,
            resource_id="avatar",
            children=[View("", (name[:1] or "?").upper(), frame=(0, 0, size, size), size=size // 2, align="center",
                           color="#FFFFFF", pixels_only=True)],
        )  # fmt: skip

    # Fields and switches

    def field(
        self, key: str, hint: str, *, width: int = 0, id: str = "", password: bool = False, lines: int = 1,
        on_enter: Handler | None = None, on_change: Callable[[str], object] | None = None, number: bool = False,
        outline: bool = True, size: int = 44,
    ) -> View:  # fmt: skip
        """A text field; its text is `screen.fields[key]`. `on_change` is told the new text after it was kept."""
        screen = self.screen

        def change(text: str) -> None:
            screen.fields[key] = text if lines > 1 else text.replace("\n", " ")
            if on_change is not None:
                on_change(screen.fields[key])

        wide = width or self.width - 2 * MARGIN
        focused = screen.focus == key
        return View(
            "android.widget.EditText", screen.fields.get(key, ""), hint=hint, resource_id=id or key,
            frame=(0, 0, wide, 84 + words.line_height(size) * lines), size=size, key=key, pad=36 if outline else 8,
            clickable=True, long_clickable=True, focusable=True, focused=focused, password=password,
            on_text=change, on_enter=on_enter, multiline=lines > 1, color=self.theme.ink, radius=12,
            outline=(self.theme.primary if focused else self.theme.line) if outline else "",
            fill=self.theme.surface if outline else "", input_type=2 if number else 129 if password else 0,
        )  # fmt: skip

    def switch(
        self,
        on: bool,
        *,
        description: str = "",
        on_tap: Handler | None = None,
        id: str = "",
        enabled: bool = True,
    ) -> View:
        """A switch alone; in a row the row takes the touch."""
        return View(
            "android.widget.Switch", description=description, resource_id=id or "android:id/switch_widget",
            frame=(0, 0, 137, 84), checkable=True, checked=on, on_tap=on_tap if enabled else None, enabled=enabled,
            draw="switch", color=self.theme.primary,
        )  # fmt: skip

    def check(
        self,
        on: bool,
        *,
        description: str = "",
        on_tap: Handler | None = None,
        id: str = "",
        radio: bool = False,
    ) -> View:
        """A check box, or a radio button, without words."""
        return View(
            "android.widget.RadioButton" if radio else "android.widget.CheckBox", description=description,
            resource_id=id or "android:id/checkbox", frame=(0, 0, 105, 105), checkable=True, checked=on, on_tap=on_tap,
            draw="radio" if radio else "check", size=58, color=self.theme.primary,
        )  # fmt: skip

    def slider(
        self,
        value: float,
        on_slide: Callable[[float], object],
        *,
        description: str = "",
        id: str = "",
        top: float = 1.0,
        width: int = 0,
    ) -> View:
        """A SeekBar at `value` (0.0 to 1.0); the source shows it as a number from 0 to `top`."""
        return View(
            "android.widget.SeekBar", description=description, resource_id=id, value=value, top=top, on_slide=on_slide,
            frame=(0, 0, width or self.width - 2 * MARGIN, 126), draw="slider", color=self.theme.primary,
            focusable=True,
        )  # fmt: skip

    def progress(self, value: float | None = None, *, width: int = 0) -> View:
        """A ProgressBar: at a value, or turning."""
        wide = width or self.width - 2 * MARGIN
        return View(
            "android.widget.ProgressBar", frame=(0, 0, wide, 20 if value is not None else 120), value=value,
            draw="bar" if value is not None else "spinner", color=self.theme.primary,
        )  # fmt: skip
