"""Tasks in the notes: Markdown files made, written, renamed, moved, deleted, read."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from ..oracle import Flow, Rung, Target, Words, answer, do, fill, go, hold, read, toggle
from ..template import Params, Template
from ._apps import changed_files, flow, pick, remember_files, says

if TYPE_CHECKING:
    from ....tools.android import VirtualAndroid

ROOT = "/storage/emulated/0/Documents/Markor"
SEEDED = ("shopping_list.md", "meeting_notes.md", "wifi_guest.md", "book_ideas.md", "training_plan.md")
NEW = ("plan_for_sunday", "gift_ideas", "paint_colours", "bike_route", "questions_for_ruth")
TEXTS = (
    "Start at nine, bring rope.",
    "Ask about the green one first.",
    "North wall light grey, door blue.",
    "Two hours along the river.",
)
ITEMS = ("Bread", "Apples", "Rice", "Olive oil", "Candles", "Soap")
QUESTIONS = {
    "How many metres are run six times on Wednesday": ("training_plan.md", "Wed", r"6 x (\d+) m", "400"),
    "How high is the budget of the team": ("meeting_notes.md", "Budget", r"([\d,]+) euros", "4,200"),
    "What is the guest network called": ("wifi_guest.md", "Name", r"Name: (\S+)", "Larkspur-Guest"),
    "Which book is third in the list": ("book_ideas.md", "3.", r"3\. (\w+)", "Piranesi"),
    "How many eggs must I buy": ("shopping_list.md", "eggs", r"(\d+) eggs", "6"),
}
EDITOR = "highlighting_editor"


def begin(android: VirtualAndroid, p: Params) -> None:
    """Keep all notes."""
    remember_files(android, p, ROOT)


def put(android: VirtualAndroid, p: Params) -> None:
    """Write the note of the parameters, then keep all."""
    android.files.write(f"{ROOT}/{p['file']}", p["old"])
    begin(android, p)


def only(android: VirtualAndroid, p: Params, **wanted: str | None) -> bool:
    """Whether just these files came, changed or went (None)."""
    return changed_files(android, p, ROOT) == wanted


def draw_new(rng: Random) -> Params:
    """A note that is not there yet."""
    return {"name": pick(rng, NEW), "text": pick(rng, TEXTS), "kind": pick(rng, ("md", "txt"))}


def _draw_list(rng: Random) -> Params:
    items = rng.sample(ITEMS, 4)
    old = "".join(f"- {item}\n" for item in items[:3])
    name = pick(rng, ("market", "weekend", "camping"))
    return {
        "file": f"{name}.md",
        "old": old,
        "item": items[3],
        "bought": items[1],
        "more": f"{old}- {items[3]}\n",
        "less": old.replace(f"- {items[1]}\n", ""),
    }


def _draw_seeded(rng: Random) -> Params:
    name = pick(rng, SEEDED)
    return {"name": name, "new": f"{pick(rng, NEW)}.md", "folder": pick(rng, ("recipes", "travel"))}


def _old(p: Params, name: str) -> str:
    return p["files"][name]


def notes(*rungs: Rung) -> list[Flow]:
    """Rungs in the notes."""
    return [flow("Markor", *rungs)]


def open_note(name: str) -> Rung:
    """Open a note that stands in the first folder."""
    return go(name, contains=True, role="item", when=Target("Create a new file or folder"))


def create(p: Params, text: Words) -> tuple[Rung, ...]:
    """Make a note of a name and kind and write a text."""
    kind = "Markdown" if p["kind"] == "md" else "Plain text"
    file = f"{p['name']}.{p['kind']}"
    return (
        go("Create a new file or folder", role="button"),
        fill("Name", p["name"], id="dialog__name"),
        toggle(kind, role="button"),
        do("OK", role="button", until=Target(file, id="toolbar_title")),
        go(file, contains=True, role="item"),
        go("Edit", role="button", when=Target("Save")),
        fill(id=EDITOR, text=text),
    )


def rewrite(name: str, text: Words) -> tuple[Rung, ...]:
    """Have a text in a note that is there."""
    return open_note(name), go("Edit", role="button", when=Target("Save")), fill(id=EDITOR, text=text)


def chosen(name: Words, *rungs: Rung) -> list[Flow]:
    """Choose a note by a long press, then go on."""
    return notes(hold(name, contains=True, role="item"), *rungs)


CHOSEN = Target("1 selected")


TEMPLATES: list[Template] = [
    Template(
        name="NotesCreate",
        apps=("Markor",),
        difficulty="medium",
        max_steps=54,
        draw=draw_new,
        goal="Make a note {name}.{kind} in Markor with the text “{text}”.",
        initialise=begin,
        success=lambda a, p, said: only(a, p, **{f"{p['name']}.{p['kind']}": p["text"]}),
        oracle=lambda p: notes(*create(p, p["text"])),
        tags=("data_entry",),
    ),
    Template(
        name="NotesAppend",
        apps=("Markor",),
        difficulty="medium",
        max_steps=54,
        draw=_draw_list,
        goal="Add “- {item}” as the last line of the note {file} in Markor.",
        initialise=put,
        success=lambda a, p, said: (
            only(a, p, **{p["file"]: p["more"]}) or only(a, p, **{p["file"]: p["more"][:-1]})
        ),
        oracle=lambda p: notes(*rewrite(p["file"], p["more"])),
        tags=("data_edit",),
    ),
    Template(
        name="NotesRemoveLine",
        apps=("Markor",),
        difficulty="medium",
        max_steps=54,
        draw=_draw_list,
        goal="I have bought “{bought}”: take that line out of the note {file} in Markor.",
        initialise=put,
        success=lambda a, p, said: (
            only(a, p, **{p["file"]: p["less"]}) or only(a, p, **{p["file"]: p["less"][:-1]})
        ),
        oracle=lambda p: notes(*rewrite(p["file"], p["less"])),
        tags=("data_edit",),
    ),
    Template(
        name="NotesDelete",
        apps=("Markor",),
        difficulty="easy",
        max_steps=40,
        draw=_draw_seeded,
        goal="Delete the note {name} in Markor.",
        initialise=begin,
        success=lambda a, p, said: only(a, p, **{p["name"]: None}),
        oracle=lambda p: chosen(
            p["name"],
            go("Delete", role="button", when=CHOSEN),
            do("Delete", role="button", when=Target("Confirm delete")),
        ),
        approves=frozenset({"delete"}),
        tags=("data_edit",),
    ),
    Template(
        name="NotesRename",
        apps=("Markor",),
        difficulty="medium",
        max_steps=50,
        draw=_draw_seeded,
        goal="Rename the note {name} in Markor to {new}.",
        initialise=begin,
        success=lambda a, p, said: only(a, p, **{p["name"]: None, p["new"]: _old(p, p["name"])}),
        oracle=lambda p: chosen(
            p["name"],
            go("Rename", role="button", when=CHOSEN),
            fill("Name", p["new"]),
            do("OK", role="button", until=Target(p["new"], contains=True, role="item")),
        ),
        tags=("data_edit",),
    ),
    Template(
        name="NotesMove",
        apps=("Markor",),
        difficulty="medium",
        max_steps=44,
        draw=_draw_seeded,
        goal="Move the note {name} in Markor into the folder {folder}.",
        initialise=begin,
        success=lambda a, p, said: only(
            a, p, **{p["name"]: None, f"{p['folder']}/{p['name']}": _old(p, p["name"])}
        ),
        oracle=lambda p: chosen(
            p["name"],
            go("Move", role="button", when=CHOSEN),
            do(
                p["folder"],
                role="item",
                when=Target(f"Move {p['name']} to"),
                until=Target("Create a new file or folder"),
            ),
        ),
        tags=("data_edit", "complex_ui"),
    ),
    Template(
        name="NotesNewFolder",
        apps=("Markor",),
        difficulty="easy",
        max_steps=40,
        draw=draw_new,
        goal="Make a folder called {name} in Markor.",
        initialise=begin,
        success=lambda a, p, said: only(a, p, **{f"{p['name']}/": ""}),
        oracle=lambda p: notes(
            go("Create a new file or folder", role="button"),
            fill("Name", p["name"], id="dialog__name"),
            do("Folder", role="button", until=Target(p["name"], contains=True, role="item")),
        ),
        tags=("data_entry",),
    ),
    Template(
        name="NotesQuestion",
        apps=("Markor",),
        difficulty="easy",
        max_steps=36,
        draw=lambda rng: (lambda q: {"question": q, "file": QUESTIONS[q][0]})(pick(rng, QUESTIONS)),
        goal="{question}, according to the note {file} in Markor?",
        initialise=begin,
        success=lambda a, p, said: says(said, QUESTIONS[p["question"]][3]) and only(a, p),
        oracle=lambda p: [
            *notes(
                open_note(p["file"]), read("it", *QUESTIONS[p["question"]][1:3], contains=True, role="text")
            ),
            answer(lambda m: m["it"]),
        ],
        tags=("information_retrieval",),
    ),
]
