"""A task on the virtual phone with a scripted model: send a text to Hana Kim. Its fourth step is gated."""

from __future__ import annotations

from typing import Any

GOAL = "Tell Hana Kim in Simple SMS Messenger that I come at 7"
TEXT = "I come at 7 <b>sharp</b>"
SMS = "com.simplemobiletools.smsmessenger"
STEPS: list[dict[str, Any]] = [
    {
        "thought": "Messages first",
        "action": "open_app",
        "app": "Simple SMS Messenger",
        "expect": "the threads",
    },
    {"thought": "Her thread", "action": "tap", "element": 7, "expect": "her messages"},
    {"thought": "Write", "action": "type", "element": 11, "text": TEXT, "expect": "the text in the field"},
    {"thought": "Send it", "action": "tap", "element": 12, "expect": "the text in the thread"},
    {"thought": "It is sent", "action": "answer", "text": "Hana knows that you come at 7."},
]


def rules(steps: list[dict[str, Any]] = STEPS) -> list[dict[str, Any]]:
    """Rules of a scripted model: one reply for each step, for the rest what every role can live without."""
    told = [{"match": f"Step {n}; ", "reply": step} for n, step in enumerate(steps, 1)]
    return [*told, {"match": "", "reply": {}}]


def answer(prompt: str) -> Any:
    """The same as a function."""
    return next(rule["reply"] for rule in rules() if rule["match"] in prompt)


def sent(android: Any) -> list[str]:
    """What was sent from this phone after it was filled."""
    rows = android.db(SMS).execute("SELECT body FROM sms WHERE body = ?", (TEXT,))
    return [row[0] for row in rows]
