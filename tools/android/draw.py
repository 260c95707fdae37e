"""Draws a view tree as the picture of the screen."""

from __future__ import annotations

import io
from functools import lru_cache
from typing import TYPE_CHECKING

from .._lettering import line_height, runs, width, wrap
from .icons import icon_mask
from .theme import mix
from .view import Rect, View

if TYPE_CHECKING:
    from PIL.Image import Image

_COLOURS = 192


@lru_cache(maxsize=256)
def _corner_mask(wide: int, high: int, radius: int) -> Image:
    from PIL import Image, ImageDraw

    mask = Image.new("L", (wide * 2, high * 2), 0)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, wide * 2 - 1, high * 2 - 1), radius * 2, fill=255)
    return mask.resize((wide, high), Image.Resampling.BOX)


@lru_cache(maxsize=64)
def _picture(data: bytes, wide: int, high: int) -> Image:
    from PIL import Image

    picture = Image.open(io.BytesIO(data)).convert("RGB")
    scale = min(wide / picture.width, high / picture.height)
    size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    return picture.resize(size, Image.Resampling.BILINEAR)


class Painter:
    """Paints views onto one picture, each clipped to what of it is visible."""

    def __init__(self, wide: int, high: int, ground: str) -> None:
        from PIL import Image, ImageDraw

        self._new_pen = ImageDraw.Draw
        self.image = Image.new("RGB", (wide, high), ground)
        self._pen = ImageDraw.Draw(self.image)

    def view(self, view: View) -> None:
        """Paint a view and all beneath it."""
        if not view.tree_only:
            self._one(view)
            for child in view.children:
                self.view(child)

    def shade(self, strength: float) -> None:
        """Darken all that is there: what lies beneath a dialog."""
        from PIL import Image

        self.image.paste(
            Image.blend(self.image, Image.new("RGB", self.image.size, "#000000"), strength), (0, 0)
        )

    def png(self) -> bytes:
        """The picture as a PNG with a palette of the colours that it has most of."""
        from PIL import Image

        small = self.image.resize(
            (max(1, self.image.width // 2), max(1, self.image.height // 2)), Image.Resampling.NEAREST
        )
        colours = small.getcolors(4096)
        if colours is not None:
            best = sorted(colours, key=lambda c: (-c[0], str(c[1])))[:_COLOURS]
            palette = Image.new("P", (1, 1))
            flat = [part for _, colour in best for part in colour]  # type: ignore[union-attr]
            palette.putpalette((flat + flat[:3] * 256)[:768])
        else:
            palette = small.quantize(_COLOURS, method=Image.Quantize.MEDIANCUT)
        flat_image = self.image.quantize(palette=palette, dither=Image.Dither.NONE)
        out = io.BytesIO()
        flat_image.save(out, "PNG", compress_level=1)
        return out.getvalue()

    def _one(self, view: View) -> None:
        if view.frame == view.bounds:
            self._paint(view, 0, 0)
            return
        left, top, right, bottom = view.bounds
        if not (view.fill or view.outline or view.text or view.hint or view.icon or view.image or view.draw):
            return
        whole, pen = self.image, self._pen
        self.image = whole.crop((left, top, right, bottom))
        self._pen = self._new_pen(self.image)
        self._paint(view, -left, -top)
        whole.paste(self.image, (left, top))
        self.image, self._pen = whole, pen

    def _paint(self, view: View, dx: int, dy: int) -> None:
        left, top, right, bottom = view.frame
        box = (left + dx, top + dy, right + dx, bottom + dy)
        if view.fill:
            self._fill(box, view.fill, view.radius)
        if view.outline:
            self._pen.rounded_rectangle(
                (box[0], box[1], box[2] - 1, box[3] - 1), view.radius, outline=view.outline, width=3
            )
        if view.image:
            picture = _picture(view.image, box[2] - box[0], box[3] - box[1])
            self.image.paste(
                picture,
                (
                    (box[0] + box[2] - picture.width) // 2,
                    (box[1] + box[3] - picture.height) // 2,
                ),
            )
        if view.icon:
            self._icon(box, view)
        if view.draw:
            getattr(self, f"_draw_{view.draw}")(box, view)
        elif view.text or view.hint:
            self._words(box, view)

    def _fill(self, box: Rect, colour: str, radius: int) -> None:
        wide, high = box[2] - box[0], box[3] - box[1]
        radius = min(radius, wide // 2, high // 2)
        if radius and wide * high < 400_000:
            self.image.paste(colour, (box[0], box[1]), _corner_mask(wide, high, radius))
        elif radius:
            self._pen.rounded_rectangle((box[0], box[1], box[2] - 1, box[3] - 1), radius, fill=colour)
        else:
            self._pen.rectangle((box[0], box[1], box[2] - 1, box[3] - 1), fill=colour)

    def _icon(self, box: Rect, view: View) -> None:
        size = view.size
        mask = icon_mask(view.icon, size)
        at = (box[0] + box[2] - size) // 2, (box[1] + box[3] - size) // 2
        self.image.paste(view.color or "#44474E", at, mask)

    def _words(self, box: Rect, view: View) -> None:
        words, colour = view.text, view.color or "#1A1C1E"
        if view.password:
            words = "•" * len(words)
        if not words:
            words, colour = view.hint, "#7A7D86"
        pad, step = view.pad, line_height(view.size)
        room = max(1, box[2] - box[0] - 2 * pad)
        limit = max(1, (box[3] - box[1]) // step)
        lines = wrap(words, view.size, room, limit)
        if view.on_text is not None and len(wrap(words, view.size, room)) > limit:
            lines = wrap(words, view.size, room)[-limit:]  # a field shows where the caret is
        y = box[1] + (42 if view.multiline else (box[3] - box[1] - step * len(lines)) // 2)
        x = box[0] + pad
        for line in lines:
            x = box[0] + pad
            if view.align != "left":
                slack = room - width(line, view.size)
                x += slack // 2 if view.align == "center" else slack
            x = self._line(x, y + step, line, view.size, colour, view.bold)
            y += step
        if view.focused and view.on_text is not None:
            x = x if view.text else box[0] + pad
            self._pen.rectangle((x + 2, y - step + 6, x + 6, y - 6), fill="#3B5BA9")

    def _line(self, x: int, bottom: int, line: str, size: int, colour: str, bold: bool) -> int:
        base = bottom - round(size * 0.34)
        for piece, face in runs(line, size):
            self._pen.text(
                (x, base), piece, font=face, fill=colour, anchor="ls", stroke_width=size / 60 if bold else 0
            )
            x += round(face.getlength(piece))
        return x

    def _draw_switch(self, box: Rect, view: View) -> None:
        on = view.checked
        ground = view.color if on else "#E1E2EC"
        self._fill(box, ground if view.enabled else "#E8E8EE", (box[3] - box[1]) // 2)
        high = box[3] - box[1]
        knob = round(high * (0.72 if on else 0.5))
        middle = box[2] - high // 2 if on else box[0] + high // 2
        top = box[1] + (high - knob) // 2
        self._fill(
            (middle - knob // 2, top, middle + knob - knob // 2, top + knob),
            "#FFFFFF" if on else "#74777F",
            knob,
        )

    def _draw_check(self, box: Rect, view: View) -> None:
        size = view.size
        x, y = (box[0] + box[2] - size) // 2, (box[1] + box[3] - size) // 2
        hull = (x, y, x + size, y + size)
        if view.checked:
            self._fill(hull, view.color or "#3B5BA9", size // 6)
            self.image.paste("#FFFFFF", (x + size // 8, y + size // 8), icon_mask("check", size * 3 // 4))
        else:
            self._pen.rounded_rectangle(hull, size // 6, outline="#5B5E66", width=5)

    def _draw_radio(self, box: Rect, view: View) -> None:
        size = view.size
        x, y = (box[0] + box[2] - size) // 2, (box[1] + box[3] - size) // 2
        colour = (view.color or "#3B5BA9") if view.checked else "#5B5E66"
        self.image.paste(colour, (x, y), icon_mask("circle", size))
        if view.checked:
            dot = round(size * 0.4)
            at = x + (size - dot) // 2, y + (size - dot) // 2
            self._fill((at[0], at[1], at[0] + dot, at[1] + dot), colour, dot)

    def _draw_slider(self, box: Rect, view: View) -> None:
        left, right, middle = box[0] + 30, box[2] - 30, (box[1] + box[3]) // 2
        at = left + round((right - left) * (view.value or 0.0))
        self._fill((left, middle - 8, right, middle + 8), "#D5D8E3", 8)
        self._fill((left, middle - 8, max(at, left + 16), middle + 8), view.color or "#3B5BA9", 8)
        self._fill((at - 27, middle - 27, at + 27, middle + 27), view.color or "#3B5BA9", 27)

    def _draw_bar(self, box: Rect, view: View) -> None:
        self._fill(box, "#D5D8E3", (box[3] - box[1]) // 2)
        at = box[0] + round((box[2] - box[0]) * (view.value or 0.0))
        if at > box[0]:
            self._fill((box[0], box[1], at, box[3]), view.color or "#3B5BA9", (box[3] - box[1]) // 2)

    def _draw_spinner(self, box: Rect, view: View) -> None:
        size = min(box[2] - box[0], box[3] - box[1])
        x, y = (box[0] + box[2] - size) // 2, (box[1] + box[3] - size) // 2
        self._pen.arc(
            (x, y, x + size, y + size), 200, 110, fill=view.color or "#3B5BA9", width=max(4, size // 10)
        )

    def _draw_nothing(self, box: Rect, view: View) -> None:
        """Its children draw its words."""

    def _draw_wallpaper(self, box: Rect, view: View) -> None:
        self.image.paste(_wallpaper(box[2] - box[0], box[3] - box[1]), (box[0], box[1]))


@lru_cache(maxsize=2)
def _wallpaper(wide: int, high: int) -> Image:
    """Bands from dusk to night, with two hills."""
    from PIL import Image, ImageDraw

    picture = Image.new("RGB", (wide, high))
    pen = ImageDraw.Draw(picture)
    for n in range(48):
        pen.rectangle((0, n * high // 48, wide, (n + 1) * high // 48), fill=mix("#7A5C8F", "#22335C", n / 47))
    pen.ellipse((-wide // 2, high * 7 // 10, wide, high * 14 // 10), fill="#3B3A63")
    pen.ellipse((wide // 4, high * 8 // 10, wide * 2, high * 15 // 10), fill="#2C2B4E")
    return picture
