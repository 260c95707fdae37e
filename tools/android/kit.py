"""The toolkit that apps build their screens from.

Every method returns a `View` with its top left corner at 0, 0 and its size fixed; containers move their children into
place. Only `page`, `dialog` and `menu` know where on the screen they stand.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .. import _lettering as words
from .theme import MARGIN, STATUS, dp
from .view import View
from .widgets import Handler, Widgets


class Kit(Widgets):
    """Builds the views of one screen: rows, lists, bars and whole windows from single views."""

    # Containers

    def column(self, children: Iterable[View], *, gap: int = 0, width: int = 0, align: str = "left", fill: str = "",
               radius: int = 0, pad: int = 0, id: str = "", on_tap: Handler | None = None) -> View:  # fmt: skip
        """Views one below the other."""
        kept = list(children)
        wide = width or max([v.width for v in kept], default=0) + 2 * pad
        y = pad
        for child in kept:
            slack = wide - 2 * pad - child.width
            child.move(pad + (0 if align == "left" else slack // 2 if align == "center" else slack), y)
            y += child.height + gap
        high = y - (gap if kept else 0) + pad
        return View(
            "android.widget.LinearLayout", frame=(0, 0, wide, high), children=_seen(kept), fill=fill, radius=radius,
            resource_id=id, on_tap=on_tap,
        )  # fmt: skip

    def line(self, children: Iterable[View], *, gap: int = 0, width: int = 0, pad: int = 0, spread: bool = False,
             align: str = "left", fill: str = "", id: str = "", height: int = 0) -> View:  # fmt: skip
        """Views side by side, centred on one line; `spread` shares what is left between them."""
        kept = list(children)
        high = height or max([v.height for v in kept], default=0)
        need = sum(v.width for v in kept)
        wide = width or need + gap * max(0, len(kept) - 1) + 2 * pad
        if spread and len(kept) > 1:
            gap = (wide - 2 * pad - need) // (len(kept) - 1)
        slack = wide - 2 * pad - need - gap * max(0, len(kept) - 1)
        x = pad + (0 if align == "left" else slack // 2 if align == "center" else slack)
        for child in kept:
            child.move(x, (high - child.height) // 2)
            x += child.width + gap
        return View(
            "android.widget.LinearLayout",
            frame=(0, 0, wide, high),
            children=_seen(kept),
            fill=fill,
            resource_id=id,
        )

    def inset(self, child: View, *, top: int = 0, bottom: int = 0) -> View:
        """A view with the usual space at its sides."""
        child.move(MARGIN, top)
        return View("", frame=(0, 0, self.width, child.height + top + bottom), children=[child])

    def row(
        self,
        title: str,
        subtitle: str = "",
        *,
        on_tap: Handler | None = None,
        on_long_press: Handler | None = None,
        icon: str = "",
        lead: View | None = None,
        trail: View | None = None,
        id: str = "",
        title_id: str = "android:id/title",
        subtitle_id: str = "android:id/summary",
        lines: int = 1,
        selected: bool = False,
        bold: bool = False,
        color: str = "",
        note: str = "",
        width: int = 0,
    ) -> View:
        """A row of a list: a clickable LinearLayout without words of its own, its words in TextViews.

        Args:
            title, subtitle: Its words; the subtitle takes up to `lines` lines.
            icon, lead: What stands at the left.
            trail: What stands at the right, such as a switch.
            note: Small words at the right, such as a time.
        """
        wide = width or self.width
        if lead is None and icon:
            lead = self.icon(icon, id="android:id/icon")
        if trail is None and note:
            trail = self.text(note, size=34, color=self.theme.muted, id="note")
        left = MARGIN + (max(lead.width, 63) + 48 if lead is not None else 0)
        right = wide - MARGIN - (trail.width + 30 if trail is not None else 0)
        room = right - left
        parts = [self.text(title, size=44, width=room, lines=2, id=title_id, bold=bold, color=color)]
        if subtitle:
            parts.append(
                self.text(subtitle, size=37, width=room, lines=lines, id=subtitle_id, color=self.theme.muted)
            )
        block = self.column(parts, gap=4)
        high = max(
            block.height + 64, 147 if not subtitle else 189, trail.height + 20 if trail is not None else 0
        )
        children = [part.move(left, (high - block.height) // 2) for part in block.children]
        if lead is not None:
            children.insert(0, lead.move(MARGIN, (high - lead.height) // 2))
        if trail is not None:
            children.append(trail.move(wide - MARGIN - trail.width, (high - trail.height) // 2))
        return View(
            "android.widget.LinearLayout", resource_id=id, frame=(0, 0, wide, high), children=children, on_tap=on_tap,
            on_long_press=on_long_press, selected=selected, fill=self.theme.tint if selected else "",
        )  # fmt: skip

    def switch_row(
        self,
        title: str,
        on: bool,
        on_toggle: Handler,
        *,
        subtitle: str = "",
        icon: str = "",
        enabled: bool = True,
        id: str = "",
    ) -> View:
        """A row with a switch; a tap anywhere on it toggles."""
        view = self.row(title, subtitle, on_tap=on_toggle if enabled else None, icon=icon, id=id, lines=2,
                        trail=self.switch(on, description=title, enabled=enabled))  # fmt: skip
        view.enabled = enabled
        return view

    def check_row(
        self,
        title: str,
        on: bool,
        on_toggle: Handler,
        *,
        subtitle: str = "",
        radio: bool = False,
        id: str = "",
    ) -> View:
        """A row with a check box, or a radio button, before its words."""
        return self.row(
            title, subtitle, on_tap=on_toggle, id=id, lead=self.check(on, description=title, radio=radio)
        )

    def header(self, title: str) -> View:
        """A small heading within a list."""
        label = self.text(
            title, size=37, bold=True, color=self.theme.primary, heading=True, id="android:id/title"
        )
        return self.inset(label, top=36, bottom=18)

    def empty(self, words_: str, icon: str = "inbox") -> View:
        """What a list shows when it has nothing."""
        return self.column(
            [self.space(320, self.width), self.icon(icon, size=150, color=self.theme.line), self.space(36),
             self.text(words_, color=self.theme.muted, align="center", width=self.width - 200, id="empty")],
            align="center", width=self.width,
        )  # fmt: skip

    # Lists

    def scroll(
        self,
        children: Iterable[View],
        height: int,
        *,
        key: str = "list",
        width: int = 0,
        recycler: bool = False,
        id: str = "",
        end: bool = False,
    ) -> View:
        """A list that scrolls up and down within `height`; `end`: it opens at its end."""
        wide = width or self.width
        column = self.column(children, width=wide)
        most = max(0, column.height - height)
        screen = self.screen
        at = min(max(0, screen.scroll.get(key, most if end else 0)), most)

        def scroll(pixels: int) -> None:
            screen.scroll[key] = min(max(0, at + pixels), most)

        column.move(0, -at)
        recycler = recycler and self.recycling
        view = View(
            "androidx.recyclerview.widget.RecyclerView" if recycler else "android.widget.ScrollView", key=key,
            resource_id=id or ("recycler_view" if recycler else ""), frame=(0, 0, wide, height), collection=recycler,
            focusable=bool(most), children=column.children if recycler else [column],
            on_scroll=scroll if most else None,
        )  # fmt: skip
        return view

    def recycler(
        self, children: Iterable[View], height: int, *, key: str = "list", id: str = "", end: bool = False
    ) -> View:
        """A list whose rows are made when they come into sight."""
        return self.scroll(children, height, key=key, recycler=True, id=id, end=end)

    # Bars

    def bar(
        self, title: str, *, back: Handler | None = None, actions: Sequence[View] = (), close: bool = False
    ) -> View:
        """The app bar: a way back, a title, actions."""
        high = dp(64)
        children: list[View] = []
        x = MARGIN
        if back is not None:
            name, described = ("close", "Close") if close else ("back", "Navigate up")
            children.append(
                self.icon_button(name, described, back, color=self.theme.ink).move(12, (high - 126) // 2)
            )
            x = 160
        right = self.width - 12
        for action in reversed(actions):
            right -= action.width
            children.append(action.move(right, (high - action.height) // 2))
        label = self.text(
            title, size=56, width=max(40, right - x - 16), lines=1, heading=True, id="toolbar_title"
        )
        children.insert(1 if back is not None else 0, label.move(x, (high - label.height) // 2))
        return View(
            "android.view.ViewGroup",
            resource_id="toolbar",
            frame=(0, 0, self.width, high),
            children=_seen(children),
        )

    def search_bar(
        self, key: str, hint: str, *, back: Handler | None = None, trail: View | None = None
    ) -> View:
        """A bar with a search field; what was typed is `screen.fields[key]`."""
        high = dp(72)
        x = 150
        children = [
            View(
                "android.view.View",
                frame=(MARGIN - 12, 18, self.width - MARGIN + 12, high - 18),
                fill=self.theme.card,
                radius=78,
                pixels_only=True,
            )
        ]
        lead = self.icon_button("back", "Navigate up", back) if back else self.icon("search", box=126)
        children.append(lead.move(36, (high - 126) // 2))
        end = self.width - MARGIN
        if trail is not None:
            end -= trail.width
            children.append(trail.move(end, (high - trail.height) // 2))
        if self.screen.fields.get(key):
            end -= 126
            children.append(
                self.icon_button("close", "Clear", lambda: self.screen.fields.pop(key, None)).move(
                    end, (high - 126) // 2
                )
            )
        field = self.field(key, hint, width=end - x, outline=False, id="search_src_text")
        children.append(field.move(x, (high - field.height) // 2))
        return View(
            "android.view.ViewGroup",
            resource_id="search_bar",
            frame=(0, 0, self.width, high),
            children=children,
        )

    def tabs(self, choices: Sequence[tuple[str, str, bool, Handler]], *, bottom: bool = False) -> View:
        """Tabs as (label, icon or "", chosen, handler); `bottom` gives them a navigation bar's look."""
        wide, high = self.width // max(1, len(choices)), 210 if bottom else 126
        children: list[View] = []
        for n, (label, icon, chosen, handler) in enumerate(choices):
            colour = self.theme.primary if chosen else self.theme.muted
            name = self.text(
                label, size=36, width=wide - 8, align="center", lines=1, color=colour, bold=chosen
            )
            inside = [name.move(4, high - name.height - 30 if icon else (high - name.height) // 2)]
            if icon:
                side = View("android.widget.ImageView", frame=(0, 0, 168, 84), icon=icon, size=63, color=colour,
                            fill=self.theme.tint if chosen else "", radius=42)  # fmt: skip
                inside.insert(0, side.move((wide - 168) // 2, 30))
            elif chosen:
                inside.append(
                    View(
                        "",
                        frame=(wide // 4, high - 8, wide - wide // 4, high),
                        fill=colour,
                        radius=4,
                        pixels_only=True,
                    )
                )
            tab = View("android.widget.FrameLayout", description=label, frame=(0, 0, wide, high), children=inside,
                       on_tap=handler, selected=chosen)  # fmt: skip
            children.append(tab.move(n * wide, 0))
        ground = self.theme.card if bottom else self.theme.surface
        return View("android.widget.HorizontalScrollView" if not bottom else "android.widget.LinearLayout",
                    resource_id="tabs", frame=(0, 0, self.width, high), children=children, fill=ground)  # fmt: skip

    def fab(self, icon: str, description: str, on_tap: Handler, *, id: str = "fab") -> View:
        """A floating button for `page`."""
        return View(
            "android.widget.ImageButton", description=description, resource_id=id, frame=(0, 0, 150, 150), radius=44,
            fill=self.theme.primary, icon=icon, size=66, color=self.theme.on_primary, on_tap=on_tap,
        )  # fmt: skip

    # Whole windows

    def page(
        self,
        body: Sequence[View] | View,
        *,
        bar: View | None = None,
        foot: View | None = None,
        fab: View | None = None,
        recycler: bool = False,
        key: str = "list",
        end: bool = False,
        fill: str = "",
    ) -> View:
        """A whole screen: bar, body, foot, floating button. A list as body scrolls; one view is laid as it is."""
        top = STATUS + (bar.height if bar is not None else 0)
        low = self.bottom - (foot.height if foot is not None else 0)
        if not isinstance(body, View):
            body = self.scroll(
                [*body, self.space(220 if fab is not None else 0)],
                low - top,
                key=key,
                recycler=recycler,
                end=end,
            )
        children = [body.move(0, top)]
        if bar is not None:
            children.insert(0, bar.move(0, STATUS))
        if foot is not None:
            children.append(foot.move(0, low))
        if fab is not None:
            children.append(fab.move(self.width - MARGIN - fab.width, low - fab.height - 48))
        return _window(
            View("android.widget.FrameLayout", frame=(0, 0, self.width, self.height), children=children),
            fill or self.theme.surface,
        )

    @property
    def room(self) -> int:
        """Pixels between the status bar and the navigation bar or keyboard."""
        return self.bottom - STATUS

    def dialog(self, title: str, body: str | Sequence[View], buttons: Sequence[tuple[str, Handler]]) -> View:
        """A dialog in the middle of the screen. Buttons as (label, handler), the last at the right.

        Views of the body should be `self.width - 240` wide.
        """
        wide = self.width - 140
        inner = wide - 100
        parts: list[View] = []
        if title:
            parts.append(self.text(title, size=54, width=inner, id="alertTitle", heading=True))
        if isinstance(body, str):
            if body:
                parts.append(
                    self.text(body, size=42, width=inner, id="android:id/message", color=self.theme.muted)
                )
        else:
            parts.append(
                self.scroll(
                    body, min(sum(v.height for v in body), self.room - 560), width=inner, key="dialog"
                )
            )
        ids = {1: ["android:id/button1"], 2: ["android:id/button2", "android:id/button1"]}.get(
            len(buttons), ["android:id/button3", "android:id/button2", "android:id/button1"]
        )
        made = [
            self.button(label, handler, id=name) for (label, handler), name in zip(buttons, ids, strict=False)
        ]
        if sum(b.width for b in made) > inner:
            parts.append(self.column(made, width=inner, align="right"))
        elif made:
            parts.append(self.line(made, width=inner, align="right", id="buttonPanel"))
        panel = self.column(
            parts, gap=36, pad=50, width=wide, radius=70, id="parentPanel", fill=self.theme.card
        )
        return self._float(panel, 70, max(STATUS, STATUS + (self.room - panel.height) // 2))

    def menu(self, choices: Sequence[tuple[str, Handler]]) -> View:
        """A menu at the top right, as (label, handler)."""
        wide = min(self.width - 80, max(words.width(label, 42) for label, _ in choices) + 150)
        rows = [self.row(label, on_tap=handler, width=wide, id="content") for label, handler in choices]
        panel = self.scroll(rows, min(sum(r.height for r in rows), self.room), width=wide, key="menu")
        panel.class_name, panel.fill, panel.radius = "android.widget.ListView", self.theme.card, 24
        return self._float(panel, self.width - wide - 30, STATUS + 40)

    def _float(self, panel: View, x: int, y: int) -> View:
        panel.move(x, y)
        return View("android.widget.FrameLayout", frame=panel.frame, children=[panel])


def _seen(children: Iterable[View]) -> list[View]:
    """Children without spaces; what a space held takes its place."""
    out: list[View] = []
    for child in children:
        if child.class_name or child.pixels_only:
            out.append(child)
        else:
            out += child.children
    return out


def _window(content: View, fill: str) -> View:
    content.resource_id = "android:id/content"
    return View("android.widget.FrameLayout", frame=content.frame, children=[content], fill=fill)
