"""Tasks in the contacts: people, their numbers, calls."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

from ..oracle import Flow, Rung, Target, answer, do, fill, go, read
from ..template import Params, Template
from ._apps import changes, execute, flow, pick, remember, rows, says

if TYPE_CHECKING:
    from ....tools.android import VirtualAndroid

KNOWN = (
    "Amara Okafor",
    "Ben Lindqvist",
    "Daniel Weber",
    "Farid Haddad",
    "Ivan Petrov",
    "Kofi Mensah",
    "Maya Rao",
    "Olga Novak",
    "Samir Patel",
    "Wei Zhang",
)
COMPANIES = {
    "Moreno Dental": "Carla Moreno",
    "Petrov Plumbing": "Ivan Petrov",
    "City Library": "Maya Rao",
    "Taxi Ortiz": "Pablo Ortiz",
    "Horak Garage": "Tomas Horak",
}
NEW = (
    ("Ada", "Brook"),
    ("Bruno", "Keller"),
    ("Dora", "Lund"),
    ("Emil", "Strand"),
    ("Nadia", "Costa"),
    ("Rafael", "Mendes"),
)
NOTES = ("Allergic to nuts", "Speaks Danish", "Met in Porto", "Prefers to be called after six")
PEOPLE = (
    "SELECT c.first, c.last, c.company, c.email, c.starred, c.note, coalesce(p.number, ''), coalesce(p.kind, 2)"
    " FROM contacts c LEFT JOIN phones p ON p.contact_id = c._id"
)
CALLS = "SELECT number, type FROM calls"
Row = tuple[Any, ...]


def number(rng: Random) -> str:
    """A telephone number."""
    return f"+1555{rng.randrange(1_000_000, 2_000_000)}"


def number_of(android: VirtualAndroid, name: str) -> str:
    """The number that a contact has now; "" without one."""
    sql = "SELECT number FROM phones WHERE contact_id = (SELECT _id FROM contacts WHERE first || ' ' || last = ?)"
    found = rows(android, "Contacts", sql, name)
    return found[0][0] if found else ""


def add_contact(android: VirtualAndroid, first: str, last: str, phone: str, email: str = "") -> None:
    """Put somebody into the contacts."""
    who = execute(
        android, "Contacts", "INSERT INTO contacts (first, last, email) VALUES (?, ?, ?)", first, last, email
    )
    execute(android, "Contacts", "INSERT INTO phones (contact_id, number) VALUES (?, ?)", who, phone)


def begin(android: VirtualAndroid, p: Params) -> None:
    """Keep who and what is there."""
    remember(android, p, "Contacts", PEOPLE, CALLS)


def gained_and_lost(android: VirtualAndroid, p: Params) -> tuple[list[Row], list[Row]]:
    """People that came and went; who was changed did both."""
    return changes(android, p, "Contacts", PEOPLE)


def added(android: VirtualAndroid, p: Params, **wanted: Any) -> bool:
    """Whether just this contact was added."""
    gained, lost = gained_and_lost(android, p)
    keys = ("first", "last", "company", "email", "starred", "note", "number", "kind")
    empty = {
        "first": "",
        "last": "",
        "company": "",
        "email": "",
        "starred": 0,
        "note": "",
        "number": "",
        "kind": 2,
    }
    return gained == [tuple({**empty, **wanted}[key] for key in keys)] and not lost


def _changed(android: VirtualAndroid, p: Params, column: int, value: Any) -> bool:
    """Whether just this column of the person changed."""
    gained, lost = gained_and_lost(android, p)
    if len(gained) != 1 or len(lost) != 1 or f"{lost[0][0]} {lost[0][1]}" != p["name"]:
        return False
    return gained[0] == (*lost[0][:column], value, *lost[0][column + 1 :])


def _deleted(android: VirtualAndroid, p: Params, said: str) -> bool:
    gained, lost = gained_and_lost(android, p)
    return not gained and [f"{row[0]} {row[1]}" for row in lost] == [p["name"]]


def _called(android: VirtualAndroid, p: Params, said: str) -> bool:
    gained, lost = changes(android, p, "Contacts", CALLS)
    return (
        gained == [(number_of(android, p["name"]), 2)]
        and not lost
        and gained_and_lost(android, p) == ([], [])
    )


def _draw_new(rng: Random) -> Params:
    first, last = pick(rng, NEW)
    return {
        "first": first,
        "last": last,
        "phone": number(rng),
        "company": pick(rng, ("Bluefin Ltd", "Atelier Nord", "Orchard Press")),
        "email": f"{first.lower()}@{pick(rng, ('bluefin', 'nord', 'orchard'))}.example",
    }


def _draw_known(rng: Random) -> Params:
    return {"name": pick(rng, KNOWN), "phone": number(rng), "note": pick(rng, NOTES)}


def open_person(name: str) -> Rung:
    """Open somebody's page."""
    return go(name, contains=True, role="item", when=Target("Search contacts"))


def contacts(*rungs: Rung) -> list[Flow]:
    """Rungs in the contacts."""
    return [flow("Contacts", *rungs)]


def _form(p: Params) -> tuple[Rung, ...]:
    return (
        go("Create contact", role="button"),
        fill("First name", p["first"]),
        fill("Last name", p["last"]),
        fill("Phone", p["phone"]),
    )


SAVE = do("Save", role="button")


TEMPLATES: list[Template] = [
    Template(
        name="ContactsAdd",
        apps=("Contacts",),
        difficulty="medium",
        max_steps=50,
        draw=_draw_new,
        goal="Add {first} {last} to my contacts, with the number {phone}.",
        initialise=begin,
        success=lambda a, p, said: added(a, p, first=p["first"], last=p["last"], number=p["phone"]),
        oracle=lambda p: contacts(*_form(p), SAVE),
        tags=("data_entry",),
    ),
    Template(
        name="ContactsAddColleague",
        apps=("Contacts",),
        difficulty="hard",
        max_steps=70,
        draw=_draw_new,
        goal="Add {first} {last} of {company} to my contacts: work number {phone}, mail {email}.",
        initialise=begin,
        success=lambda a, p, said: added(
            a,
            p,
            first=p["first"],
            last=p["last"],
            company=p["company"],
            number=p["phone"],
            email=p["email"],
            kind=3,
        ),
        oracle=lambda p: contacts(
            *_form(p),
            Rung("toggle", Target("Work", role="button")),
            fill("Company", p["company"]),
            fill("Email", p["email"]),
            SAVE,
        ),
        tags=("data_entry", "complex_ui"),
    ),
    Template(
        name="ContactsChangeNumber",
        apps=("Contacts",),
        difficulty="medium",
        max_steps=44,
        draw=_draw_known,
        goal="{name} has a new telephone number: {phone}. Change it in my contacts.",
        initialise=begin,
        success=lambda a, p, said: _changed(a, p, 6, p["phone"]),
        oracle=lambda p: contacts(
            open_person(p["name"]), go("Edit contact", role="button"), fill("Phone", p["phone"]), SAVE
        ),
        tags=("data_edit",),
    ),
    Template(
        name="ContactsAddNote",
        apps=("Contacts",),
        difficulty="medium",
        max_steps=44,
        draw=_draw_known,
        goal="Add the note “{note}” to the contact {name}.",
        initialise=begin,
        success=lambda a, p, said: _changed(a, p, 5, p["note"]),
        oracle=lambda p: contacts(
            open_person(p["name"]), go("Edit contact", role="button"), fill("Note", p["note"]), SAVE
        ),
        tags=("data_edit",),
    ),
    Template(
        name="ContactsDelete",
        apps=("Contacts",),
        difficulty="medium",
        max_steps=40,
        draw=_draw_known,
        goal="Delete {name} from my contacts.",
        initialise=begin,
        success=_deleted,
        oracle=lambda p: contacts(
            open_person(p["name"]),
            go("More options", role="button", unless=Target("Search contacts")),
            go("Delete", role="item"),
            do("Delete", role="button"),
        ),
        approves=frozenset({"delete"}),
        tags=("data_edit",),
    ),
    Template(
        name="ContactsFavourite",
        apps=("Contacts",),
        difficulty="easy",
        max_steps=36,
        draw=_draw_known,
        goal="Mark {name} as a favourite in my contacts.",
        initialise=lambda a, p: (
            execute(
                a, "Contacts", "UPDATE contacts SET starred = 0 WHERE first || ' ' || last = ?", p["name"]
            ),
            begin(a, p),
        )[1],
        success=lambda a, p, said: _changed(a, p, 4, 1),
        oracle=lambda p: contacts(
            open_person(p["name"]), do("Add to favorites", until=Target("Remove from favorites"))
        ),
        tags=("data_edit",),
    ),
    Template(
        name="ContactsCall",
        apps=("Contacts",),
        difficulty="easy",
        max_steps=36,
        draw=_draw_known,
        goal="Call {name}.",
        initialise=begin,
        success=_called,
        oracle=lambda p: contacts(
            open_person(p["name"]),
            do(", Mobile", contains=True, role="item", until=Target("End call", role="button")),
        ),
        approves=frozenset({"call"}),
        tags=("data_entry",),
    ),
    Template(
        name="ContactsNumberQuestion",
        apps=("Contacts",),
        difficulty="easy",
        max_steps=36,
        draw=_draw_known,
        goal="What is {name}'s telephone number?",
        initialise=begin,
        success=lambda a, p, said: says(said, number_of(a, p["name"])) and gained_and_lost(a, p) == ([], []),
        oracle=lambda p: [
            *contacts(
                open_person(p["name"]),
                read("it", "+1555", r"(\+1555\d+)", contains=True),
            ),
            answer(lambda m: m["it"]),
        ],
        tags=("information_retrieval",),
    ),
    Template(
        name="ContactsCompanyQuestion",
        apps=("Contacts",),
        difficulty="easy",
        max_steps=36,
        draw=lambda rng: {"company": pick(rng, COMPANIES)},
        goal="Which of my contacts belongs to {company}?",
        initialise=begin,
        success=lambda a, p, said: says(said, COMPANIES[p["company"]]) and gained_and_lost(a, p) == ([], []),
        oracle=lambda p: [
            *contacts(
                read(
                    "it",
                    f", {p['company']}",
                    rf"([A-Z]\S+ [A-Z]\S+), {p['company']}",
                    contains=True,
                    role="item",
                )
            ),
            answer(lambda m: m["it"]),
        ],
        tags=("information_retrieval", "search"),
    ),
]
