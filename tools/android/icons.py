"""Icons as strokes on a 24 x 24 grid, drawn once per size with soft edges.

A stroke is a letter and numbers: `l` an open line through points, `p` a filled polygon, `c` a circle (centre, radius),
`d` a disc, `r` a rounded frame (left, top, right, bottom, radius), `R` a filled one, `a` an arc (centre, radius,
from, to).
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

ICONS: dict[str, str] = {
    "add": "l 12 5 12 19; l 5 12 19 12",
    "airplane": "p 12 2 13.5 4 13.5 9 21 14 21 16 13.5 13.5 13.5 18 16 20 16 21.5 12 20.5 8 21.5 8 20 10.5 "
    "18 10.5 13.5 3 16 3 14 10.5 9 10.5 4",
    "alarm": "c 12 13 7; l 12 9 12 13 15 15; l 3 6 7 3; l 21 6 17 3",
    "apps": "R 4 4 10 10 1; R 14 4 20 10 1; R 4 14 10 20 1; R 14 14 20 20 1",
    "archive": "r 3 4 21 8 1; r 5 8 19 20 1; l 10 12 14 12",
    "attach": "l 16 6 16 16; a 12 16 4 0 180; l 8 16 8 6; a 10.5 6 2.5 180 360; l 13 6 13 15",
    "back": "l 20 12 5 12; l 12 5 5 12 12 19",
    "bell": "l 6 17 6 11; a 12 11 6 180 360; l 18 11 18 17; l 4 17 20 17; d 12 20 1.8",
    "block": "c 12 12 9; l 6 6 18 18",
    "bluetooth": "l 6 8 17 16 12 21 12 3 17 8 6 16",
    "bookmark": "l 6 4 18 4 18 20 12 16 6 20 6 4",
    "brightness": "d 12 12 4; l 12 2 12 5; l 12 19 12 22; l 2 12 5 12; l 19 12 22 12; l 5 5 7 7; l 17 17 19 "
    "19; l 5 19 7 17; l 17 7 19 5",
    "calendar": "r 4 5 20 20 2; l 4 10 20 10; l 8 3 8 6; l 16 3 16 6; R 13 13 17 17 0.5",
    "call": "p 5 3 9 3 10.5 8 8 10 9.5 13 13 16 15.5 14 20.5 16 20.5 20 18 21 12 19 6 14 3 7",
    "camera": "r 3 7 21 19 2; c 12 13 3.5; l 8 7 10 4 14 4 16 7",
    "cart": "l 2 4 5 4 8 15 18 15 21 7 6 7; d 9 19 1.6; d 17 19 1.6",
    "cell": "p 20 4 20 20 4 20",
    "check": "l 4 12 10 18 20 6",
    "chevron": "l 9 5 16 12 9 19",
    "circle": "c 12 12 8",
    "clock": "c 12 12 9; l 12 7 12 12 16 14",
    "close": "l 5 5 19 19; l 19 5 5 19",
    "cloud": "a 8 14 4.5 90 270; a 12 11 5 190 350; a 17 14.5 4 280 90; l 8 18.5 17 18.5",
    "copy": "r 8 8 20 20 2; l 5 16 4 16 4 4 16 4 16 5",
    "delete": "l 4 7 20 7; l 9 7 9 4 15 4 15 7; l 6 7 7 20 17 20 18 7; l 10 11 10 16; l 14 11 14 16",
    "display": "r 6 2 18 22 2; l 10 19 14 19",
    "document": "l 14 3 6 3 6 21 18 21 18 7 14 3 14 7 18 7; l 9 12 15 12; l 9 16 15 16",
    "down": "l 5 9 12 16 19 9",
    "download": "l 12 4 12 15; l 7 11 12 16 17 11; l 4 20 20 20",
    "drop_down": "p 7 10 17 10 12 15",
    "edit": "l 4 20 5 15 16 4 20 8 9 19 4 20; l 13 7 17 11",
    "error": "c 12 12 9; l 12 7 12 13; d 12 16.5 1",
    "file": "l 14 3 6 3 6 21 18 21 18 7 14 3; l 14 3 14 7 18 7",
    "flag": "l 6 21 6 4 18 4 15 8 18 12 6 12",
    "folder": "p 3 6 10 6 12 8 21 8 21 19 3 19",
    "forward": "l 4 12 19 12; l 12 5 19 12 12 19",
    "globe": "c 12 12 9; l 3 12 21 12; a 17 12 10.3 118 242; a 7 12 10.3 298 62",
    "heart": "p 12 20 4 12 3 8 5 5 8 4 12 7 16 4 19 5 21 8 20 12",
    "home": "l 4 11 12 4 20 11; l 6 10 6 20 18 20 18 10",
    "image": "r 3 4 21 20 2; p 5 18 10 11 13 15 15 13 19 18; d 16 8.5 1.6",
    "info": "c 12 12 9; l 12 11 12 17; d 12 7.5 1.2",
    "inbox": "r 4 4 20 20 2; l 4 14 9 14 10 16 14 16 15 14 20 14",
    "key": "c 8 12 4; l 12 12 21 12 21 15; l 17 12 17 15",
    "link": "a 8 12 4 90 270; l 8 8 11 8; l 8 16 11 16; a 16 12 4 270 90; l 13 8 16 8; l 13 16 16 16; l 8 12 16 12",
    "list": "l 8 6 20 6; l 8 12 20 12; l 8 18 20 18; d 4 6 1.2; d 4 12 1.2; d 4 18 1.2",
    "location": "a 12 10 6.5 150 30; l 6.4 13 12 21 17.6 13; c 12 10 2",
    "lock": "R 5 10 19 21 2; a 12 9 4 180 360; l 8 9 8 11; l 16 9 16 11",
    "mail": "r 3 5 21 19 2; l 3 7 12 13 21 7",
    "menu": "l 4 6 20 6; l 4 12 20 12; l 4 18 20 18",
    "message": "p 3 4 21 4 21 17 8 17 3 21",
    "minus": "l 5 12 19 12",
    "mobile": "l 6 20 6 15; l 11 20 11 11; l 16 20 16 7; l 20 20 20 4",
    "more": "d 12 5 1.8; d 12 12 1.8; d 12 19 1.8",
    "move": "p 3 6 10 6 12 8 21 8 21 19 3 19; ",
    "pause": "R 6 5 10 19 1; R 14 5 18 19 1",
    "person": "d 12 8 4; p 4 20 5 16 9 14 15 14 19 16 20 20",
    "people": "d 9 9 3.2; p 2.5 19 3.5 15.5 6.5 14 11.5 14 14.5 15.5 15.5 19; d 17 9 2.6; p 17 19 16.5 15 "
    "15.5 13.5 19 13.5 21.5 16 21.5 19",
    "phone": "r 7 2 17 22 2; l 10 19 14 19",
    "play": "p 8 5 19 12 8 19",
    "power": "a 12 13 7.5 310 230; l 12 4 12 12",
    "refresh": "a 12 12 7 30 320; p 20 4 20 11 14 10",
    "recents": "r 5 5 19 19 1",
    "nav_back": "p 17 4 17 20 5 12",
    "reset": "a 12 12 7 220 150; p 4 4 4 11 10 10",
    "reply": "l 9 6 4 11 9 16; l 4 11 15 11 20 15 20 19",
    "save": "l 4 4 16 4 20 8 20 20 4 20 4 4; r 8 13 16 20 0; l 8 4 8 9 15 9",
    "search": "c 10.5 10.5 6.5; l 15.5 15.5 21 21",
    "send": "p 3 4 22 12 3 20 6 12; ",
    "settings": "c 12 12 3.2; c 12 12 6.6; l 12 2.5 12 5; l 12 19 12 21.5; l 2.5 12 5 12; l 19 12 21.5 12; l "
    "5.3 5.3 7 7; l 17 17 18.7 18.7; l 5.3 18.7 7 17; l 17 7 18.7 5.3",
    "share": "d 6 12 2.6; d 18 5.5 2.6; d 18 18.5 2.6; l 6 12 18 5.5; l 6 12 18 18.5",
    "star": "p 12 3 14.7 9 21 9.6 16.2 13.8 17.7 20 12 16.7 6.3 20 7.8 13.8 3 9.6 9.3 9",
    "star_off": "l 12 3 14.7 9 21 9.6 16.2 13.8 17.7 20 12 16.7 6.3 20 7.8 13.8 3 9.6 9.3 9 12 3",
    "stop": "R 6 6 18 18 1",
    "storage": "r 4 4 20 9 1; r 4 10 20 15 1; r 4 16 20 21 1; d 7.5 6.5 1; d 7.5 12.5 1; d 7.5 18.5 1",
    "store": "l 4 9 5 4 19 4 20 9 4 9; l 5 9 5 20 19 20 19 9; r 9 13 15 20 0",
    "timer": "c 12 13 7.5; l 12 9 12 13; l 9 2.5 15 2.5; l 18 6 19.5 7.5",
    "today": "r 4 5 20 20 2; l 4 10 20 10; d 12 15 2",
    "up": "l 5 15 12 8 19 15",
    "video": "R 3 6 15 18 2; p 16 11 21 7 21 17 16 13",
    "volume": "p 3 9 7 9 12 4 12 20 7 15 3 15; a 12 12 4 300 60; a 12 12 8 300 60",
    "warning": "l 12 4 21 20 3 20 12 4; l 12 10 12 15; d 12 17.5 1",
    "wifi": "a 12 19 15 225 315; a 12 19 10 225 315; a 12 19 5 225 315; d 12 19 1.6",
}
"""Name → strokes."""


def _stroke(pen: ImageDraw, code: str, scale: float) -> None:
    kind, *numbers = code.split()
    at = [float(n) * scale for n in numbers]
    thick = max(1, round(2 * scale))
    if kind == "l":
        points = list(zip(at[::2], at[1::2], strict=True))
        pen.line(points, fill=255, width=thick, joint="curve")
        for x, y in (points[0], points[-1]):
            pen.ellipse((x - thick / 2, y - thick / 2, x + thick / 2, y + thick / 2), fill=255)
    elif kind == "p":
        pen.polygon(list(zip(at[::2], at[1::2], strict=True)), fill=255)
    elif kind in "cd":
        x, y, r = at
        hull = (x - r, y - r, x + r, y + r)
        pen.ellipse(hull, outline=255, width=thick, fill=255 if kind == "d" else None)
    elif kind in "rR":
        pen.rounded_rectangle(at[:4], at[4], outline=255, width=thick, fill=255 if kind == "R" else None)
    else:
        x, y, r = at[:3]
        start, end = float(numbers[3]), float(numbers[4])
        r += thick / 2
        pen.arc((x - r, y - r, x + r, y + r), start, end, fill=255, width=thick)


@lru_cache(maxsize=512)
def icon_mask(name: str, size: int) -> Image:
    """The icon as a mask of `size` x `size` pixels.

    Raises:
        KeyError: No such icon.
    """
    from PIL import Image, ImageDraw

    grid = Image.new("L", (size * 3, size * 3), 0)
    pen = ImageDraw.Draw(grid)
    for code in ICONS[name].split(";"):
        if code.strip():
            _stroke(pen, code, size * 3 / 24)
    return grid.resize((size, size), Image.Resampling.BOX)
