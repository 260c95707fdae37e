"""Gallery: pictures by album, with rendered receipts whose words are only in their pixels."""

from __future__ import annotations

import io
import posixpath
import random
from functools import lru_cache
from typing import ClassVar

from ..app import App, Screen, register
from ..kit import Kit
from ..view import View

ROOT = "/storage/emulated/0"
ALBUMS = {"Camera": f"{ROOT}/DCIM", "Pictures": f"{ROOT}/Pictures", "Download": f"{ROOT}/Download"}
SHOPS = ("Green Grocer", "Cafe Luna", "Book Corner", "Hardware Hub")
ITEMS = (
    ("Apples", 320),
    ("Bread", 280),
    ("Espresso", 240),
    ("Croissant", 210),
    ("Paperback", 1190),
    ("Hammer", 1850),
    ("Nails", 430),
    ("Cheese", 560),
)


@lru_cache(maxsize=64)
def receipt(shop: str, date: str, items: tuple[tuple[str, int], ...]) -> bytes:
    """A receipt as PNG; its words are in the pixels alone.

    Args:
        shop, date: Its head.
        items: Name and cents of each line.
    """
    from PIL import Image, ImageDraw, ImageFont

    picture = Image.new("L", (600, 300 + 60 * len(items)), 250)
    draw = ImageDraw.Draw(picture)
    large, plain = ImageFont.load_default(44), ImageFont.load_default(32)
    draw.text((40, 30), shop, fill=20, font=large)
    draw.text((40, 95), date, fill=60, font=plain)
    y = 160
    for name, cents in (*items, ("TOTAL", sum(c for _, c in items))):
        draw.text((40, y), name, fill=20, font=plain)
        price = f"{cents / 100:.2f}"
        draw.text((560 - draw.textlength(price, font=plain), y), price, fill=20, font=plain)
        y += 60
    return _png(picture)


@lru_cache(maxsize=64)
def photo(seed: int) -> bytes:
    """A landscape as PNG: sky, hills, sun."""
    from PIL import Image, ImageDraw

    rng = random.Random(seed)
    picture = Image.new("RGB", (480, 640), (120 + rng.randrange(80), 170 + rng.randrange(50), 230))
    draw = ImageDraw.Draw(picture)
    x, y = rng.randrange(80, 400), rng.randrange(60, 200)
    draw.ellipse((x - 45, y - 45, x + 45, y + 45), fill=(255, 225, 130))
    for layer in range(4):
        base = 280 + 90 * layer
        points = [(0, 640), *((px, base + rng.randrange(-50, 50)) for px in range(0, 481, 60)), (480, 640)]
        draw.polygon(points, fill=(40 + 12 * layer, 120 - 18 * layer, 80 - 10 * layer))
    return _png(picture)


def _png(picture: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, "PNG", compress_level=1)  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
    return out.getvalue()


@register
class Gallery(App):
    """The pictures under /sdcard."""

    package = "com.simplemobiletools.gallery.pro"
    label = "Gallery"
    activity = "com.simplemobiletools.gallery.pro.activities.MainActivity"
    activities: ClassVar[dict[str, str]] = {
        "picture": "com.simplemobiletools.gallery.pro.activities.ViewPagerActivity",
        "album": "com.simplemobiletools.gallery.pro.activities.MediaActivity",
    }
    color = "#F57C00"
    icon = "image"
    database = "gallery.db"
    schema = "CREATE TABLE favourites (path TEXT PRIMARY KEY)"

    def seed(self, rng: random.Random) -> None:
        """Six photos and two receipts."""
        files = self.os.files
        for n in range(1, 7):
            files.write(f"{ROOT}/DCIM/IMG_{20260300 + n}.png", photo(n))
        for n in range(1, 3):
            items = tuple(rng.sample(ITEMS, 3))
            files.write(
                f"{ROOT}/Pictures/receipt_{n}.png",
                receipt(SHOPS[rng.randrange(len(SHOPS))], f"2026-03-0{n}", items),
            )

    def pictures(self, album: str) -> list[str]:
        """Paths of an album's pictures, by name."""
        folder = ALBUMS[album]
        return [f"{folder}/{n}" for n in self.os.files.list(folder) if n.lower().endswith((".png", ".jpg"))]

    def screen_home(self, ui: Kit, screen: Screen) -> View:
        """The albums."""
        rows: list[View] = []
        for name in ALBUMS:
            found = self.pictures(name)
            lead = ui.image(self.os.files.read(found[0]), 150, 150) if found else ui.icon("image", box=150)
            rows.append(
                ui.row(
                    name,
                    f"{len(found)} items",
                    lead=lead,
                    on_tap=lambda name=name: self.open("album", album=name),
                    id="album_row",
                )
            )
        marked = ui.row(
            "Favourites",
            f"{self.rows('SELECT count(*) FROM favourites')[0][0]} items",
            icon="star",
            on_tap=lambda: self.open("favourites"),
        )
        return ui.page([*rows, marked], bar=ui.bar("Gallery"))

    def screen_album(self, ui: Kit, screen: Screen) -> View:
        """An album's pictures, three in a row."""
        return self._grid(ui, str(screen.args["album"]), self.pictures(str(screen.args["album"])))

    def screen_favourites(self, ui: Kit, screen: Screen) -> View:
        """The pictures with a star."""
        paths = [
            r[0] for r in self.rows("SELECT path FROM favourites ORDER BY path") if self.os.files.exists(r[0])
        ]
        return self._grid(ui, "Favourites", paths)

    def _grid(self, ui: Kit, title: str, paths: list[str]) -> View:
        side = (ui.width - 4 * 12) // 3
        tiles = [
            ui.image(
                self.os.files.read(path),
                side,
                side,
                description=posixpath.basename(path),
                id="medium_thumbnail",
                on_tap=lambda path=path: self.open("picture", path=path),
            )
            for path in paths
        ]
        rows = [
            ui.line(tiles[n : n + 3], gap=12, pad=12, width=ui.width, height=side + 12)
            for n in range(0, len(tiles), 3)
        ]
        return ui.page(rows or [ui.empty("No pictures", "image")], bar=ui.bar(title, back=self.back))

    def screen_picture(self, ui: Kit, screen: Screen) -> View:
        """One picture on the whole screen."""
        path = str(screen.args["path"])
        if not self.os.files.exists(path):
            return ui.page([ui.empty("This picture is gone.", "image")], bar=ui.bar("", back=self.back))
        name = posixpath.basename(path)
        marked = self.one("SELECT 1 FROM favourites WHERE path = ?", path) is not None
        foot = ui.line(
            [
                ui.icon_button(
                    "star" if marked else "star_off",
                    "Remove from favourites" if marked else "Add to favourites",
                    lambda: self._star(path, not marked),
                ),
                ui.icon_button("share", "Share", lambda: self.ask("share", path=path)),
                ui.icon_button("info", "Properties", lambda: self.ask("properties", path=path)),
                ui.icon_button("edit", "Rename", lambda: self._rename_asked(name)),
                ui.icon_button(
                    "delete",
                    "Delete",
                    lambda: self.confirm("Delete picture?", f"Delete {name}?", "Yes", self.delete, path=path),
                ),
            ],
            width=ui.width,
            spread=True,
            pad=60,
            height=160,
            fill=ui.theme.card,
        )
        bar = ui.bar(name, back=self.back)
        picture = ui.image(
            self.os.files.read(path),
            ui.width,
            ui.room - bar.height - foot.height,
            description="Photo",
            id="gestures_view",
        )
        return ui.page(picture, bar=bar, foot=foot)

    def _star(self, path: str, on: bool) -> None:
        self.run(
            "INSERT OR IGNORE INTO favourites VALUES (?)" if on else "DELETE FROM favourites WHERE path = ?",
            path,
        )

    def dialog_share(self, ui: Kit, screen: Screen, path: str) -> View:
        """Apps that take a picture."""
        name = posixpath.basename(path)

        def mail() -> None:
            self.os.launch("org.tenfold.mail")
            self.os.apps["org.tenfold.mail"].start(
                "android.intent.action.SEND", {"subject": name, "text": name}, ""
            )

        return ui.dialog("Share", f"Share {name} with", [("Cancel", self.dismiss), ("Mail", self.then(mail))])

    def dialog_properties(self, ui: Kit, screen: Screen, path: str) -> View:
        """What is known of a picture."""
        size = len(self.os.files.read(path))
        body = f"Name: {posixpath.basename(path)}\nFolder: {posixpath.dirname(path)}\nSize: {size} B"
        return ui.dialog("Properties", body, [("OK", self.dismiss)])

    def _rename_asked(self, name: str) -> None:
        self.screen.fields["name"] = name
        self.ask("rename")

    def dialog_rename(self, ui: Kit, screen: Screen) -> View:
        """A new name."""
        body = [ui.field("name", "Name", width=ui.width - 240, id="rename_item_name")]
        return ui.dialog("Rename", body, [("Cancel", self.dismiss), ("OK", self.then(self._renamed))])

    def _renamed(self) -> None:
        path, name = str(self.screen.args["path"]), self.screen.fields.get("name", "").strip()
        target = f"{posixpath.dirname(path)}/{name}"
        if not name or "/" in name or self.os.files.exists(target):
            self.toast("This name cannot be used.")
            return
        self.os.files.move(path, target)
        self.run("UPDATE favourites SET path = ? WHERE path = ?", target, path)
        self.screen.args["path"] = target

    def delete(self, path: str) -> None:
        """Remove a picture."""
        self.os.files.remove(path)
        self.run("DELETE FROM favourites WHERE path = ?", path)
        self.toast("Deleted")
        self.back()
