"""Tasks in the gallery."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from ..oracle import Rung, Target, answer, do, fill, go, read
from ..template import Params, Template
from ._apps import SD, flow, pick, rows, says

if TYPE_CHECKING:
    from ....tools.android import VirtualAndroid

PHOTOS = tuple(f"IMG_2026030{n}.png" for n in range(1, 7))


def _photo(rng: Random) -> Params:
    return {"photo": pick(rng, PHOTOS)}


def _renamed_photo(rng: Random) -> Params:
    return {
        "photo": pick(rng, PHOTOS),
        "new": f"{pick(rng, ('lake', 'hike', 'harbour'))}_{rng.randrange(9)}.png",
    }


def photos(android: VirtualAndroid) -> list[str]:
    """Names of the camera's pictures."""
    return [name for name in android.files.list(f"{SD}/DCIM") if name.endswith(".png")]


def favourites(android: VirtualAndroid) -> list[str]:
    """Paths with a star."""
    return [path for (path,) in rows(android, "Gallery", "SELECT path FROM favourites")]


def _mark(android: VirtualAndroid, p: Params) -> None:
    android.db("com.simplemobiletools.gallery.pro").execute(
        "INSERT INTO favourites VALUES (?)", (f"{SD}/DCIM/{p['photo']}",)
    )


def _without(android: VirtualAndroid, p: Params, said: str) -> bool:
    return photos(android) == [name for name in PHOTOS if name != p["photo"]]


def _shared(android: VirtualAndroid, p: Params, said: str) -> bool:
    sent = rows(android, "Mail", "SELECT recipient, subject FROM mails WHERE folder = 'Sent'")
    return sent == [("anna.keller@example.com", p["photo"])] and photos(android) == list(PHOTOS)


def at(p: Params) -> tuple[Rung, ...]:
    """Open the picture."""
    return go("Camera", contains=True, id="album_row"), go(p["photo"], id="medium_thumbnail")


TEMPLATES: list[Template] = [
    Template(
        name="GalleryFavourite",
        apps=("Gallery",),
        difficulty="easy",
        max_steps=44,
        draw=_photo,
        goal="Add the photo {photo} to my favourites in the Gallery.",
        success=lambda a, p, said: favourites(a) == [f"{SD}/DCIM/{p['photo']}"],
        oracle=lambda p: [
            flow("Gallery", *at(p), do("Add to favourites", until=Target("Remove from favourites")))
        ],
        tags=("data_edit",),
    ),
    Template(
        name="GalleryUnfavourite",
        apps=("Gallery",),
        difficulty="easy",
        max_steps=48,
        draw=_photo,
        goal="Remove the only photo in my Gallery favourites from the favourites. Do not delete it.",
        initialise=_mark,
        success=lambda a, p, said: favourites(a) == [] and photos(a) == list(PHOTOS),
        oracle=lambda p: [
            flow(
                "Gallery",
                go("Favourites", contains=True, role="item"),
                go(p["photo"], id="medium_thumbnail"),
                do("Remove from favourites", until=Target("Favourites, 0 items")),
            )
        ],
        tags=("data_edit",),
    ),
    Template(
        name="GalleryDelete",
        apps=("Gallery",),
        difficulty="medium",
        max_steps=52,
        draw=_photo,
        goal="Delete the photo {photo} in the Gallery.",
        success=_without,
        oracle=lambda p: [flow("Gallery", *at(p), go("Delete", role="button"), do("Yes", role="button"))],
        approves=frozenset({"delete"}),
        tags=("data_edit",),
    ),
    Template(
        name="GalleryRename",
        apps=("Gallery",),
        difficulty="medium",
        max_steps=68,
        draw=_renamed_photo,
        goal="Rename the photo {photo} in the Gallery to {new}.",
        success=lambda a, p, said: (
            p["new"] in photos(a) and p["photo"] not in photos(a) and len(photos(a)) == 6
        ),
        oracle=lambda p: [
            flow(
                "Gallery",
                *at(p),
                go("Rename", role="button"),
                fill(id="rename_item_name", text=p["new"]),
                do("OK", role="button", until=Target(p["new"])),
            )
        ],
        tags=("data_edit",),
    ),
    Template(
        name="GallerySize",
        apps=("Gallery",),
        difficulty="medium",
        max_steps=48,
        draw=_photo,
        goal="How many bytes does the photo {photo} have? The Gallery shows it in the photo's properties.",
        success=lambda a, p, said: says(said, str(len(a.files.read(f"{SD}/DCIM/{p['photo']}")))),
        oracle=lambda p: [
            flow(
                "Gallery",
                *at(p),
                go("Properties", role="button"),
                read("size", "Size:", r"Size: (\d+)", contains=True),
            ),
            answer(lambda m: m["size"]),
        ],
        tags=("information_retrieval",),
    ),
    Template(
        name="GalleryShareByMail",
        apps=("Gallery", "Mail"),
        difficulty="hard",
        max_steps=36,
        draw=_photo,
        goal="Share the photo {photo} from the Gallery by Mail with anna.keller@example.com.",
        success=_shared,
        oracle=lambda p: [
            flow(
                "Gallery",
                *at(p),
                go("Share", role="button"),
                do("Mail", role="button", until=Target(id="/subject", text=p["photo"])),
            ),
            flow(
                "Mail",
                go("Compose"),
                fill(id="/subject", text=p["photo"]),
                fill(id="/to", text="anna.keller@example.com"),
                do("Send", role="button", when=Target(id="/subject")),
            ),
        ],
        approves=frozenset({"share", "send"}),
        tags=("multi_app", "data_entry"),
    ),
]
