"""Tasks in the file manager."""

from __future__ import annotations

import posixpath
from random import Random
from typing import TYPE_CHECKING

from ..oracle import Flow, Rung, Target, answer, do, fill, go, hold, read
from ..template import Params, Template
from ._apps import SD, flow, pick, says

if TYPE_CHECKING:
    from ....tools.android import VirtualAndroid

FOLDERS = ("Alarms", "Movies", "Notifications", "Podcasts", "Ringtones")
NAMES = ("invoice_april.txt", "garden_plan.txt", "song_list.txt", "trip_budget.txt", "bike_parts.txt")
CONTENTS = ("Total 120\n", "Beans, peas\n", "Waltz, Tango\n", "Train 96\n", "Chain, bell\n")


def _file(rng: Random) -> Params:
    name = pick(rng, NAMES)
    source, target = rng.sample(FOLDERS, 2)
    other = pick(rng, [n for n in NAMES if n != name])
    return {"name": name, "source": source, "target": target, "other": other, "text": pick(rng, CONTENTS)}


def _put(android: VirtualAndroid, p: Params) -> None:
    android.files.write(f"{SD}/{p['source']}/{p['name']}", p["text"])
    android.files.write(f"{SD}/{p['source']}/{p['other']}", "Keep this.\n")


def _has(android: VirtualAndroid, path: str, text: str | None = None) -> bool:
    files = android.files
    return files.exists(f"{SD}/{path}") and (text is None or files.read_text(f"{SD}/{path}") == text)


def _kept(android: VirtualAndroid, p: Params) -> bool:
    return _has(android, f"{p['source']}/{p['other']}", "Keep this.\n")


def _moved(android: VirtualAndroid, p: Params, said: str) -> bool:
    arrived = _has(android, f"{p['target']}/{p['name']}", p["text"])
    return arrived and not _has(android, f"{p['source']}/{p['name']}") and _kept(android, p)


def _copied(android: VirtualAndroid, p: Params, said: str) -> bool:
    both = all(_has(android, f"{p[where]}/{p['name']}", p["text"]) for where in ("source", "target"))
    return both and _kept(android, p)


def _deleted(android: VirtualAndroid, p: Params, said: str) -> bool:
    return not _has(android, f"{p['source']}/{p['name']}") and _kept(android, p)


def _renamed(android: VirtualAndroid, p: Params, said: str) -> bool:
    there = _has(android, f"{p['source']}/{p['new']}", p["text"])
    return there and not _has(android, f"{p['source']}/{p['name']}") and _kept(android, p)


def _with_new_name(rng: Random) -> Params:
    p = _file(rng)
    stem, end = posixpath.splitext(p["name"])
    return {**p, "new": f"{stem}_{rng.randrange(10, 99)}{end}"}


def _new_folder(rng: Random) -> Params:
    return {"folder": pick(rng, FOLDERS), "new": pick(rng, ("Receipts", "Old", "For Anna", "Summer 2026"))}


def _count(rng: Random) -> Params:
    return {"folder": pick(rng, FOLDERS), "n": rng.randrange(3, 7)}


def _put_several(android: VirtualAndroid, p: Params) -> None:
    for n in range(p["n"]):
        android.files.write(f"{SD}/{p['folder']}/note_{n + 1}.txt", f"{n}\n")


CHOSEN = Target("1 selected")


def choose(p: Params) -> tuple[Rung, ...]:
    """Open the folder and choose the file."""
    carrying = Target("Cancel", role="button")
    return go(p["source"], role="item", unless=carrying), hold(p["name"], contains=True, role="item")


def carry(p: Params, how: str) -> list[Flow]:
    """Copy or move it."""
    into = go(p["target"], role="item", when=Target(how, role="button"))
    there = Target(f"sdk_gphone_x86_64 › {p['target']}")
    menu = (go("More options", when=CHOSEN), go(f"{how} to…", role="item"))
    return [flow("Files", *choose(p), *menu, into, do(how, role="button", when=there))]


TEMPLATES: list[Template] = [
    Template(
        name="FilesMove",
        apps=("Files",),
        difficulty="medium",
        max_steps=60,
        draw=_file,
        goal="Move the file {name} from the folder {source} to the folder {target}.",
        initialise=_put,
        success=_moved,
        oracle=lambda p: carry(p, "Move"),
        tags=("data_edit", "complex_ui"),
    ),
    Template(
        name="FilesCopy",
        apps=("Files",),
        difficulty="medium",
        max_steps=60,
        draw=_file,
        goal="Copy the file {name} from the folder {source} to the folder {target}.",
        initialise=_put,
        success=_copied,
        oracle=lambda p: carry(p, "Copy"),
        tags=("data_edit", "complex_ui"),
    ),
    Template(
        name="FilesDelete",
        apps=("Files",),
        difficulty="medium",
        max_steps=36,
        draw=_file,
        goal="Delete the file {name} in the folder {source}.",
        initialise=_put,
        success=_deleted,
        oracle=lambda p: [flow("Files", *choose(p), go("Delete", role="button"), do("OK", role="button"))],
        approves=frozenset({"delete"}),
        tags=("data_edit",),
    ),
    Template(
        name="FilesRename",
        apps=("Files",),
        difficulty="medium",
        max_steps=60,
        draw=_with_new_name,
        goal="Rename the file {name} in the folder {source} to {new}.",
        initialise=_put,
        success=_renamed,
        oracle=lambda p: [
            flow(
                "Files",
                *choose(p),
                go("More options", when=CHOSEN),
                go("Rename", role="item"),
                fill(id="text1", text=p["new"]),
                do("OK", role="button", until=Target(p["new"], contains=True, role="item")),
            )
        ],
        tags=("data_edit",),
    ),
    Template(
        name="FilesNewFolder",
        apps=("Files",),
        difficulty="medium",
        max_steps=40,
        draw=_new_folder,
        goal="Make a new folder called “{new}” inside the folder {folder}.",
        success=lambda a, p, said: a.files.is_folder(f"{SD}/{p['folder']}/{p['new']}"),
        oracle=lambda p: [
            flow(
                "Files",
                go(p["folder"], role="item"),
                go("More options", when=Target(f"sdk_gphone_x86_64 › {p['folder']}")),
                go("New folder", role="item"),
                fill(id="text1", text=p["new"]),
                do("OK", role="button", until=Target(p["new"], role="item")),
            )
        ],
        tags=("data_entry",),
    ),
    Template(
        name="FilesCount",
        apps=("Files",),
        difficulty="easy",
        max_steps=36,
        draw=_count,
        goal="How many text files are in the folder {folder}?",
        initialise=_put_several,
        success=lambda a, p, said: says(said, str(p["n"])),
        oracle=lambda p: [
            flow("Files", go(p["folder"], role="item"), read("n", f"note_{p['n']}.txt", contains=True)),
            answer(str(p["n"])),
        ],
        tags=("information_retrieval", "math_counting"),
    ),
    Template(
        name="FilesReadText",
        apps=("Files",),
        difficulty="easy",
        max_steps=36,
        draw=_file,
        goal="What does the file {name} in the folder {source} say?",
        initialise=_put,
        success=lambda a, p, said: says(said, p["text"]),
        oracle=lambda p: [
            flow(
                "Files",
                go(p["source"], role="item"),
                go(p["name"], contains=True, role="item"),
                read("text", "", id="/content"),
            ),
            answer(lambda m: m["text"]),
        ],
        tags=("information_retrieval",),
    ),
]
