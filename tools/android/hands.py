"""Fingers and keys: what an input does to what lies under it. Part of `VirtualAndroid`."""

from __future__ import annotations

from collections.abc import Callable

from ..phone import Key
from .controls import Controls
from .theme import STATUS
from .trouble import after_action, before_touch, hold
from .view import View, taker

_LONG = 0.5


class Hands(Controls):
    """Touches, drags, keys and typing."""

    # Touching

    def _act(self, do: Callable[[], object], seconds: float = 0.0) -> None:
        """One input: time passes, something is done, faults strike."""
        state = self.state
        hold(self)
        state.actions += 1
        self.clock.advance(1.0 + seconds)
        before = self._focus()
        do()
        after = self._focus()
        if after != before and after[2]:
            self.state.keyboard = True
            rate = self.faults.keyboard_over
            self.state.keyboard_over = bool(rate) and self.state.random.random() < rate
        self.changed()
        after_action(self)

    def _focus(self) -> tuple[str, int, str]:
        app = self.apps[self.state.front]
        return app.package, len(app.stack), app.screen.focus

    def touch(self, x: int, y: int, seconds: float = 0.05) -> None:
        """Touch a point for some seconds; from 0.5 on it is a long press."""
        if not self.state.awake:
            return
        dropped = before_touch(self)
        self._act((lambda: None) if dropped else lambda: self._touch(x, y, seconds >= _LONG), seconds)

    def _touch(self, x: int, y: int, long: bool) -> None:
        for window in reversed(self.frame().windows):
            if window.kind in ("toast", "status"):
                continue
            view = taker(window.root, x, y, _takes_long if long else _takes_tap)
            if view is None and long:
                view = taker(window.root, x, y, _takes_tap)
            if view is not None:
                self._touched(view, x, long)
                return
            if window.modal and window.kind != "shade" and not window.root.contains(x, y):
                if window.cancel is not None:
                    window.cancel()
                return
            if window.root.contains(x, y):
                return

    def taker_at(self, x: int, y: int) -> View | None:
        """The view that a short touch at a point reaches, whatever window it is in."""
        for window in reversed(self.frame().windows):
            if window.kind in ("toast", "status"):
                continue
            view = taker(window.root, x, y, _takes_tap)
            if view is not None or window.root.contains(x, y):
                return view
        return None

    def _touched(self, view: View, x: int, long: bool) -> None:
        if not view.enabled:
            return
        if long and view.on_long_press is not None:
            view.on_long_press()
        elif view.on_slide is not None:
            left, _, right, _ = view.frame
            view.on_slide(min(1.0, max(0.0, (x - left - 30) / max(1, right - left - 60))))
        elif view.on_text is not None:
            self.apps[self.state.front].screen.focus = view.key
            self.state.keyboard = True
        elif view.on_tap is not None:
            view.on_tap()

    def drag(self, x1: int, y1: int, x2: int, y2: int, seconds: float = 0.5) -> None:
        """Drag a finger: scrolls lists, moves sliders, swipes things away, pulls the shade down from the top edge."""
        if self.state.awake:
            self._act(lambda: self._drag(x1, y1, x2, y2, seconds), seconds)

    def _drag(self, x1: int, y1: int, x2: int, y2: int, seconds: float) -> None:
        dx, dy = x2 - x1, y2 - y1
        if y1 < STATUS and dy > 200:
            self.open_notifications()
            return
        sideways = abs(dx) > abs(dy)
        way = ("left" if dx < 0 else "right") if sideways else ("up" if dy < 0 else "down")

        def wants(view: View) -> bool:
            if view.on_slide is not None or view.on_swipe is not None:
                return sideways or (view.on_swipe is not None and not view.scrollable and not _scrolls(view))
            return view.on_scroll is not None and view.horizontal == sideways

        for window in reversed(self.frame().windows):
            if not window.root.contains(x1, y1):
                if window.modal:
                    return
                continue
            if window.kind == "toast":
                continue
            view = taker(window.root, x1, y1, wants)
            if view is None:
                if window.kind == "shade" and way == "up":
                    self.state.shade = False
                return
            self._dragged(view, way, (dx if sideways else dy), x2, 1.0 if seconds >= 0.25 else 1.8)
            return

    def _dragged(self, view: View, way: str, distance: int, x: int, fling: float) -> None:
        if view.on_slide is not None:
            self._touched(view, x, False)
        elif view.on_swipe is not None:
            if abs(distance) > 120:
                view.on_swipe(way)
        elif view.on_scroll is not None:
            view.on_scroll(round(-distance * fling))
        self.changed()

    def open_app(self, package: str) -> None:
        """Bring an app to the front from outside the screen, as `am start` does; one input. Raises as `launch`."""
        if package not in self.state.installed:
            raise KeyError(package)
        self._act(lambda: self.launch(package))

    # Keys and typing

    def press(self, key: Key) -> None:
        """Press a key by its name in the port."""
        if key == "power":
            self.state.awake = not self.state.awake
            self.changed()
        elif self.state.awake:
            self._act(lambda: self._press(key))

    def _press(self, key: Key) -> None:
        if key == "back":
            self.go_back()
        elif key == "home":
            self.go_home()
        elif key == "recents":
            self.toggle_recents()
        elif key == "enter":
            self._enter()
        elif key == "delete":
            field = self.focused()
            if field is not None and field.on_text is not None:
                field.on_text(field.text[:-1])
        elif key == "tab":
            fields = [v for v in self.frame().active.root.walk() if v.on_text is not None]
            at = next((n for n, v in enumerate(fields) if v.focused), -1)
            if fields:
                self.apps[self.state.front].screen.focus = fields[(at + 1) % len(fields)].key
        elif key in ("volume_up", "volume_down"):
            level = int(self.setting("system", "volume_music") or 0) + (1 if key == "volume_up" else -1)
            self.set_setting("system", "volume_music", str(min(15, max(0, level))))

    def _enter(self) -> None:
        field = self.focused()
        if field is None:
            return
        if field.on_enter is not None:
            field.on_enter()
        elif field.multiline and field.on_text is not None:
            field.on_text(field.text + "\n")
        else:
            self.state.keyboard = False

    def focused(self) -> View | None:
        """The field that takes typed text."""
        views = self.frame().active.root.walk()
        return next((v for v in views if v.focused and v.on_text is not None), None)

    def write(self, text: str) -> bool:
        """Append text to the focused field; a line break presses Enter. False: no field has the focus."""
        if self.focused() is None:
            return False
        lines = text.split("\n")
        for n, line in enumerate(lines):
            self._act(lambda line=line: self._append(line))
            if n < len(lines) - 1:
                self._act(self._enter)
        return True

    def _append(self, text: str) -> None:
        field = self.focused()
        if field is not None and field.on_text is not None and text:
            field.on_text(field.text + text)

    def clear_text(self) -> bool:
        """Empty the focused field. False: no field has the focus."""
        field = self.focused()
        if field is None or field.on_text is None:
            return False
        change = field.on_text
        self._act(lambda: change(""))
        return True


def _takes_tap(view: View) -> bool:
    return (
        view.on_tap is not None or view.on_text is not None or view.on_slide is not None or not view.enabled
    )


def _takes_long(view: View) -> bool:
    return view.on_long_press is not None


def _scrolls(view: View) -> bool:
    return any(child.on_scroll is not None for child in view.walk())
