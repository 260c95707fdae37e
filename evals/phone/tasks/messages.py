"""Tasks in the messages: writing, answering, forwarding, tidying, finding what somebody wrote."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

from ..oracle import Flow, Rung, Target, Words, answer, do, fill, go, hold, read
from ..template import Params, Template
from ._apps import changes, execute, flow, pick, remember, rows, says
from .contacts import KNOWN, number, number_of

if TYPE_CHECKING:
    from ....tools.android import VirtualAndroid

APP = "Simple SMS Messenger"
TALKING = ("Jonas Berg", "Mina Park", "Lena Fischer", "Hana Kim", "Ivan Petrov", "Pablo Ortiz")
TEXTS = (
    "I am ten minutes late.",
    "Could you call me tonight?",
    "The keys are under the mat.",
    "See you on Sunday at the lake.",
    "Please bring the blue folder.",
)
QUESTIONS = {
    "At which house in Elm Street is the place that Lena found": (
        "Lena Fischer",
        "Elm Street",
        r"Elm Street (\d+)",
        "18",
    ),
    "How much is Ivan's bill": ("Ivan Petrov", "bill", r"bill is ([\d.]+)", "84.50"),
    "At what time on 18 March is my dental appointment": (
        "Carla Moreno",
        "appointment",
        r"at (\d+:\d+)",
        "14:15",
    ),
    "In which room is the launch, according to Jonas": ("Jonas Berg", "room", r"room (\d+\.\d+)", "4.12"),
    "Before what time does Mina need the deck": ("Mina Park", "deck", r"before (\d+ pm)", "5 pm"),
}
SMS = "SELECT address, type, body FROM sms"
BLOCKED = "SELECT address FROM blocked"
PINNED = "SELECT thread_id FROM pinned"
UNREAD = "SELECT _id FROM sms WHERE read = 0"
Row = tuple[Any, ...]


def begin(android: VirtualAndroid, p: Params) -> None:
    """Keep what was written and what is blocked and pinned."""
    remember(android, p, APP, SMS, BLOCKED, PINNED)


def gained_and_lost(android: VirtualAndroid, p: Params) -> tuple[list[Row], list[Row]]:
    """Messages that came and went."""
    return changes(android, p, APP, SMS)


def others_kept(android: VirtualAndroid, p: Params, *but: str) -> bool:
    """Whether nothing else changed."""
    return all(changes(android, p, APP, sql) == ([], []) for sql in (SMS, BLOCKED, PINNED) if sql not in but)


def sent(android: VirtualAndroid, p: Params, address: str, text: str) -> bool:
    """Whether just this message was sent."""
    return gained_and_lost(android, p) == ([(address, 2, text)], []) and others_kept(android, p, SMS)


def receive(android: VirtualAndroid, address: str, text: str) -> None:
    """A message lies in the inbox, unread; nothing announces it."""
    at = int(android.state.time) * 1000 - 60_000
    thread = rows(android, APP, "SELECT coalesce(max(thread_id), 0) + 1 FROM sms")[0][0]
    known = rows(android, APP, "SELECT thread_id FROM sms WHERE address = ?", address)
    execute(
        android,
        APP,
        "INSERT INTO sms (thread_id, address, date, read, type, body) VALUES (?, ?, ?, 0, 1, ?)",
        known[0][0] if known else thread,
        address,
        at,
        text,
    )


def _thread(android: VirtualAndroid, name: str) -> int:
    address = number_of(android, name)
    return rows(android, APP, "SELECT thread_id FROM sms WHERE address = ?", address)[0][0]


def _draw(rng: Random) -> Params:
    return {"name": pick(rng, KNOWN), "text": pick(rng, TEXTS), "phone": number(rng)}


def _draw_talk(rng: Random) -> Params:
    return {"name": pick(rng, TALKING), "text": pick(rng, TEXTS), "to": pick(rng, KNOWN[:4])}


def _thread_deleted(android: VirtualAndroid, p: Params, said: str) -> bool:
    gained, lost = gained_and_lost(android, p)
    address = number_of(android, p["name"])
    mine = [row for row in p["before"][SMS] if row[0] == address]
    return not gained and sorted(lost, key=str) == sorted(mine, key=str) and others_kept(android, p, SMS)


def _one_begin(android: VirtualAndroid, p: Params) -> None:
    receive(android, number_of(android, p["name"]), p["text"])
    begin(android, p)


def _one_deleted(android: VirtualAndroid, p: Params, said: str) -> bool:
    wanted = [(number_of(android, p["name"]), 1, p["text"])]
    return gained_and_lost(android, p) == ([], wanted) and others_kept(android, p, SMS)


def _blocked(android: VirtualAndroid, p: Params, said: str) -> bool:
    wanted = ([(number_of(android, p["name"]),)], [])
    return changes(android, p, APP, BLOCKED) == wanted and others_kept(android, p, BLOCKED)


def _pinned(android: VirtualAndroid, p: Params, said: str) -> bool:
    wanted = ([(_thread(android, p["name"]),)], [])
    return changes(android, p, APP, PINNED) == wanted and others_kept(android, p, PINNED)


def messages(*rungs: Rung) -> list[Flow]:
    """Rungs in the messages."""
    return [flow(APP, *rungs)]


def open_thread(name: str) -> Rung:
    """Open a conversation, or the row of somebody to begin one with."""
    return go(name, contains=True, role="item")


def write(text: Words) -> tuple[Rung, ...]:
    """Write a message in the open conversation and send it."""
    return (
        fill("Type a message…", text),
        do("Send", id="thread_send_message", until=Target(text, id="thread_message_wrapper")),
    )


def begin_talk(name: str) -> tuple[Rung, ...]:
    """Begin a conversation with somebody of the contacts."""
    return go("Start a conversation", role="button"), open_thread(name)


def _menu(name: str, *rungs: Rung) -> list[Flow]:
    listed = Target("Start a conversation")
    return messages(Rung("hold", Target(name, role="item", contains=True), when=listed), *rungs)


TEMPLATES: list[Template] = [
    Template(
        name="MessagesSend",
        apps=(APP,),
        difficulty="medium",
        max_steps=50,
        draw=_draw,
        goal="Send {name} a text message: “{text}”",
        initialise=begin,
        success=lambda a, p, said: sent(a, p, number_of(a, p["name"]), p["text"]),
        oracle=lambda p: messages(*begin_talk(p["name"]), *write(p["text"])),
        approves=frozenset({"send"}),
        tags=("data_entry",),
    ),
    Template(
        name="MessagesSendToNumber",
        apps=(APP,),
        difficulty="medium",
        max_steps=50,
        draw=_draw,
        goal="Text “{text}” to the number {phone}.",
        initialise=begin,
        success=lambda a, p, said: sent(a, p, p["phone"], p["text"]),
        oracle=lambda p: messages(
            go("Start a conversation", role="button"),
            fill("Add contact or number…", p["phone"]),
            go("Confirm", role="button", when=Target(id="new_conversation_address")),
            *write(p["text"]),
        ),
        approves=frozenset({"send"}),
        tags=("data_entry",),
    ),
    Template(
        name="MessagesReply",
        apps=(APP,),
        difficulty="easy",
        max_steps=44,
        draw=_draw_talk,
        goal="Answer {name}'s last text message with “{text}”",
        initialise=begin,
        success=lambda a, p, said: sent(a, p, number_of(a, p["name"]), p["text"]),
        oracle=lambda p: messages(open_thread(p["name"]), *write(p["text"])),
        approves=frozenset({"send"}),
        tags=("data_entry",),
    ),
    Template(
        name="MessagesForward",
        apps=(APP,),
        difficulty="medium",
        max_steps=54,
        draw=_draw_talk,
        goal="{name} texted me “{text}”. Forward that message to {to}.",
        initialise=_one_begin,
        success=lambda a, p, said: sent(a, p, number_of(a, p["to"]), p["text"]),
        oracle=lambda p: messages(
            open_thread(p["name"]),
            hold(p["text"], id="thread_message_wrapper"),
            go("Forward", role="item"),
            go(p["to"], contains=True, role="item", when=Target("New conversation")),
            do(
                "Send",
                id="thread_send_message",
                when=Target(p["to"], id="toolbar_title"),
                until=Target(p["text"], id="thread_message_wrapper"),
            ),
        ),
        approves=frozenset({"send"}),
        tags=("data_entry", "complex_ui"),
    ),
    Template(
        name="MessagesDeleteConversation",
        apps=(APP,),
        difficulty="medium",
        max_steps=40,
        draw=_draw_talk,
        goal="Delete the whole conversation with {name} from my text messages.",
        initialise=begin,
        success=_thread_deleted,
        oracle=lambda p: _menu(p["name"], go("Delete", role="item"), do("Yes", role="button")),
        approves=frozenset({"delete"}),
        tags=("data_edit",),
    ),
    Template(
        name="MessagesDeleteOne",
        apps=(APP,),
        difficulty="medium",
        max_steps=44,
        draw=_draw_talk,
        goal="Delete {name}'s text message “{text}”, and no other.",
        initialise=_one_begin,
        success=_one_deleted,
        oracle=lambda p: messages(
            open_thread(p["name"]),
            hold(p["text"], id="thread_message_wrapper"),
            go("Delete", role="item", when=Target("Forward")),
            do("Yes", role="button"),
        ),
        approves=frozenset({"delete"}),
        tags=("data_edit",),
    ),
    Template(
        name="MessagesBlock",
        apps=(APP,),
        difficulty="easy",
        max_steps=40,
        draw=_draw_talk,
        goal="Block {name} in the text messages.",
        initialise=begin,
        success=_blocked,
        oracle=lambda p: _menu(p["name"], go("Block number", role="item"), do("Yes", role="button")),
        tags=("data_edit",),
    ),
    Template(
        name="MessagesPin",
        apps=(APP,),
        difficulty="easy",
        max_steps=36,
        draw=_draw_talk,
        goal="Pin the conversation with {name} to the top of the text messages.",
        initialise=begin,
        success=_pinned,
        oracle=lambda p: _menu(
            p["name"],
            do("Pin to the top", role="item", until=Target("Pinned", near=p["name"], contains=True)),
        ),
        tags=("data_edit",),
    ),
    Template(
        name="MessagesQuestion",
        apps=(APP,),
        difficulty="easy",
        max_steps=36,
        draw=lambda rng: {"question": pick(rng, QUESTIONS)},
        goal="{question}? Look in my text messages.",
        initialise=begin,
        success=lambda a, p, said: says(said, QUESTIONS[p["question"]][3]) and others_kept(a, p),
        oracle=lambda p: [
            *messages(
                open_thread(QUESTIONS[p["question"]][0]),
                read("it", *QUESTIONS[p["question"]][1:3], contains=True, id="thread_message_wrapper"),
            ),
            answer(lambda m: m["it"]),
        ],
        tags=("information_retrieval",),
    ),
]
