"""Tasks in the mail app."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

from ..oracle import Rung, Target, answer, do, fill, go, read
from ..template import Params, Template
from ._apps import flow, pick, rows, says

if TYPE_CHECKING:
    from ....tools.android import VirtualAndroid

PEOPLE = {
    "Anna Keller": "anna.keller@example.com",
    "Ben Ito": "ben.ito@example.org",
    "Chloe Park": "chloe.park@example.com",
    "Dmitri Volkov": "dmitri@example.net",
    "Elena Rossi": "elena.rossi@example.org",
}
SUBJECTS = (
    "Lunch on Thursday",
    "Keys at the desk",
    "New bus timetable",
    "Draft of the poster",
    "Parcel for you",
)
BODIES = (
    "See you at noon.",
    "The keys are with Maria.",
    "Line 12 leaves ten minutes earlier now.",
    "Please look at the colours.",
    "It is at the reception.",
)


def letters(android: VirtualAndroid, where: str, *values: object) -> list[tuple[str, ...]]:
    """(folder, recipient, subject, body) of letters."""
    return rows(android, "Mail", f"SELECT folder, recipient, subject, body FROM mails WHERE {where}", *values)


def _draw_letter(rng: Random) -> Params:
    name = pick(rng, PEOPLE)
    return {"name": name, "address": PEOPLE[name], "subject": pick(rng, SUBJECTS), "body": pick(rng, BODIES)}


def _sent(android: VirtualAndroid, p: Params, said: str) -> bool:
    found = letters(android, "folder = 'Sent'")
    return found == [("Sent", p["address"], p["subject"], p["body"])]


def _draw_sender(rng: Random) -> Params:
    return {"name": pick(rng, PEOPLE)}


def _only_in(android: VirtualAndroid, p: Params, folder: str) -> bool:
    """The person's letter is in the folder, and no other letter left the inbox."""
    moved = rows(android, "Mail", "SELECT sender, folder FROM mails WHERE folder != 'Inbox'")
    return moved == [(p["name"], folder)]


def _starred(android: VirtualAndroid, p: Params, said: str) -> bool:
    return rows(android, "Mail", "SELECT sender FROM mails WHERE starred") == [(p["name"],)]


def _reply_text(rng: Random) -> Params:
    return {
        "name": pick(rng, PEOPLE),
        "body": pick(rng, ("Thank you, that works.", "I will be there.", "Please send it again.")),
    }


def _replied(android: VirtualAndroid, p: Params, said: str) -> bool:
    found = letters(android, "folder = 'Sent'")
    return (
        len(found) == 1
        and found[0][1] == PEOPLE[p["name"]]
        and found[0][2].startswith("Re: ")
        and found[0][3].strip() == p["body"]
    )


def _trash_filled(android: VirtualAndroid, p: Params) -> None:
    android.db("org.tenfold.mail").execute("UPDATE mails SET folder = 'Trash' WHERE sender = ?", (p["name"],))


def _gone(android: VirtualAndroid, p: Params, said: str) -> bool:
    left = rows(android, "Mail", "SELECT count(*), sum(sender = ?) FROM mails", p["name"])
    return left == [(6, 0)]


def _restored(android: VirtualAndroid, p: Params, said: str) -> bool:
    return rows(android, "Mail", "SELECT count(*) FROM mails WHERE folder = 'Inbox'") == [(7,)]


def _draft(android: VirtualAndroid, p: Params, said: str) -> bool:
    return letters(android, "folder IN ('Drafts', 'Sent')") == [
        ("Drafts", p["address"], p["subject"], p["body"])
    ]


def _forwarded(android: VirtualAndroid, p: Params, said: str) -> bool:
    found = letters(android, "folder = 'Sent'")
    return len(found) == 1 and found[0][1] == PEOPLE[p["to"]] and found[0][2] == "Fwd: Train tickets"


def _compose(p: Params) -> tuple[Rung, ...]:
    return (
        go("Compose"),
        fill(id="/to", text=p["address"]),
        fill(id="/subject", text=p["subject"]),
        fill(id="/body", text=p["body"]),
    )


def _row(name: str) -> dict[str, Any]:
    return {"label": name, "contains": True, "id": "message_row"}


def _in_trash(p: Params) -> tuple[Rung, ...]:
    """Open the person's letter in the trash."""
    return go("Folders"), go("Trash", contains=True, id="content"), go(**_row(p["name"]))


TEMPLATES: list[Template] = [
    Template(
        name="MailSend",
        apps=("Mail",),
        difficulty="medium",
        max_steps=48,
        draw=_draw_letter,
        goal="Send a mail to {address} with the subject “{subject}” and the text “{body}”.",
        success=_sent,
        oracle=lambda p: [flow("Mail", *_compose(p), do("Send"))],
        approves=frozenset({"send"}),
        tags=("data_entry",),
    ),
    Template(
        name="MailDraft",
        apps=("Mail",),
        difficulty="medium",
        max_steps=48,
        draw=_draw_letter,
        goal="Write a mail draft to {address} with the subject “{subject}” and the text “{body}”, but do not send it.",
        success=_draft,
        oracle=lambda p: [flow("Mail", *_compose(p), do("Navigate up"))],
        tags=("data_entry",),
    ),
    Template(
        name="MailReply",
        apps=("Mail",),
        difficulty="medium",
        max_steps=40,
        draw=_reply_text,
        goal="Reply to the mail from {name}: “{body}”",
        success=_replied,
        oracle=lambda p: [
            flow("Mail", go(**_row(p["name"])), go("Reply"), fill(id="/body", text=p["body"]), do("Send"))
        ],
        approves=frozenset({"send"}),
        tags=("data_entry",),
    ),
    Template(
        name="MailForward",
        apps=("Mail",),
        difficulty="medium",
        max_steps=40,
        draw=lambda rng: {"to": pick(rng, [n for n in PEOPLE if n != "Ben Ito"])},
        goal="Forward the mail about the train tickets to {to} (their address is in another mail).",
        success=_forwarded,
        oracle=lambda p: [
            flow(
                "Mail",
                go(**_row("Train tickets")),
                go("Forward"),
                fill(id="/to", text=PEOPLE[p["to"]]),
                do("Send"),
            )
        ],
        approves=frozenset({"send"}),
        tags=("search", "data_entry"),
    ),
    Template(
        name="MailStar",
        apps=("Mail",),
        difficulty="easy",
        max_steps=36,
        draw=_draw_sender,
        goal="Star the mail from {name}.",
        success=_starred,
        oracle=lambda p: [flow("Mail", do("Star", near=p["name"], until=Target("Unstar", near=p["name"])))],
        tags=("data_edit",),
    ),
    Template(
        name="MailArchive",
        apps=("Mail",),
        difficulty="easy",
        max_steps=36,
        draw=_draw_sender,
        goal="Archive the mail from {name}.",
        success=lambda a, p, said: _only_in(a, p, "Archive"),
        oracle=lambda p: [flow("Mail", go(**_row(p["name"])), do("Archive"))],
        tags=("data_edit",),
    ),
    Template(
        name="MailDelete",
        apps=("Mail",),
        difficulty="easy",
        max_steps=36,
        draw=_draw_sender,
        goal="Delete the mail from {name}.",
        success=lambda a, p, said: _only_in(a, p, "Trash"),
        oracle=lambda p: [flow("Mail", go(**_row(p["name"])), do("Delete"))],
        approves=frozenset({"delete"}),
        tags=("data_edit",),
    ),
    Template(
        name="MailDeleteForever",
        apps=("Mail",),
        difficulty="medium",
        max_steps=36,
        draw=_draw_sender,
        goal="The mail from {name} is in the trash. Delete it forever.",
        initialise=_trash_filled,
        success=_gone,
        oracle=lambda p: [
            flow(
                "Mail",
                *_in_trash(p),
                go("Delete forever"),
                do("Delete"),
            )
        ],
        approves=frozenset({"delete"}),
        tags=("data_edit",),
    ),
    Template(
        name="MailRestore",
        apps=("Mail",),
        difficulty="medium",
        max_steps=36,
        draw=_draw_sender,
        goal="Move the mail from {name} from the trash back to the inbox.",
        initialise=_trash_filled,
        success=_restored,
        oracle=lambda p: [
            flow(
                "Mail",
                *_in_trash(p),
                go("More options"),
                do("Move to Inbox"),
            )
        ],
        tags=("data_edit",),
    ),
    Template(
        name="MailReadSeat",
        apps=("Mail",),
        difficulty="easy",
        max_steps=36,
        draw=lambda rng: {},
        goal="Which seat do I have on the train, according to my mail?",
        success=lambda a, p, said: says(said, "42B"),
        oracle=lambda p: [
            flow(
                "Mail", go(**_row("Ben Ito")), read("seat", "", r"seat is (\w+)", contains=True, id="/body")
            ),
            answer(lambda m: m["seat"]),
        ],
        tags=("information_retrieval",),
    ),
    Template(
        name="MailReadMeeting",
        apps=("Mail",),
        difficulty="easy",
        max_steps=36,
        draw=lambda rng: {},
        goal="To which day and time was the budget review moved? Look in my mail.",
        success=lambda a, p, said: says(said, "Friday", "14:00"),
        oracle=lambda p: [
            flow(
                "Mail",
                go(**_row("Anna Keller")),
                read("when", "", r"moved to (\w+ at [\d:]+)", contains=True, id="/body"),
            ),
            answer(lambda m: m["when"]),
        ],
        tags=("information_retrieval",),
    ),
]
