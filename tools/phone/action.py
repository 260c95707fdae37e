"""What an agent may do with a phone: one action of ColorAgent's space, and the thing that it is done to."""

from __future__ import annotations

from typing import Literal, TypedDict

from pydantic import BaseModel, ConfigDict, Field

from .port import Key

ActionKind = Literal[
    "tap",
    "long_press",
    "swipe",
    "type",
    "clear",
    "key",
    "open_app",
    "wait",
    "answer",
    "done",
    "failed",
    "note",
    "ask",
]
Direction = Literal["up", "down", "left", "right"]

TOUCHES: frozenset[ActionKind] = frozenset(
    ("tap", "long_press", "swipe", "type", "clear", "key", "open_app", "wait")
)


class Action(BaseModel):
    """One action.

    Attributes:
        kind: What is done. `answer`, `done` and `failed` end the (sub-)task; `note` keeps a text for later; `ask` asks
            the user; the others touch the phone.
        element: Number of the element, as `Tree.elements` counts; it goes before the coordinates.
        x, y, x2, y2: Pixels of the screen as it is turned now; a swipe goes from the first point to the second.
        direction: A swipe's way of the finger: "up" shows what is further down.
        text: What is typed, answered, noted, asked, or why it failed. `{{secret:NAME}}` is filled in at the port.
        replace: Empty the field before typing.
        key: The key.
        app: Label or package of the app to open.
        seconds: How long a press, swipe or wait lasts.
        options: Answers that `ask` offers.
    """

    model_config = ConfigDict(extra="forbid")

    kind: ActionKind
    element: int | None = None
    x: float | None = None
    y: float | None = None
    x2: float | None = None
    y2: float | None = None
    direction: Direction | None = None
    text: str = Field(default="", max_length=8000)
    replace: bool = False
    key: Key | None = None
    app: str = Field(default="", max_length=200)
    seconds: float | None = Field(default=None, ge=0, le=60)
    options: list[str] = Field(default=[], max_length=12)


class Target(TypedDict):
    """The thing that an action is done to, as the state, the log and an approval show it.

    `bounds` are left, top, right, bottom; `point` is where the finger comes down.
    """

    label: str
    role: str
    resource_id: str
    package: str
    context: str
    bounds: list[int]
    point: list[int]
