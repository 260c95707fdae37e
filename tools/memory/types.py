"""What is kept about one user."""

from __future__ import annotations

from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

Domain = Literal["diet", "journey", "chat", "video", "shop", "search", "music"]
DOMAINS: tuple[Domain, ...] = get_args(Domain)
MAX_VALUE = 300


class Profile(BaseModel):
    """What a user prefers: seven domains and any number of apps, each a table of short texts."""

    model_config = ConfigDict(extra="forbid")

    domains: dict[Domain, dict[str, str]] = {}
    apps: dict[str, dict[str, str]] = {}


class Sop(BaseModel):
    """How the user does a kind of task.

    Attributes:
        source: Where it comes from: `run ID` or `user`.
        tainted: Whether it was read from screens.
    """

    id: int
    task: str
    steps: list[str]
    source: str
    tainted: bool
    created: str
    uses: int = 0
    successes: int = 0
    failures: int = 0


class Fact(BaseModel):
    """A fact about an app.

    Attributes:
        package: The app.
        signature: The screen that it is about, or "" for the whole app.
        source: `run ID`, `run ID step N` or `user`.
        tainted: Whether it was read from screens: such a fact informs and never justifies a gated action.
        expires: ISO 8601, or "" for never.
    """

    id: int
    text: str
    package: str
    signature: str
    source: str
    tainted: bool
    created: str
    expires: str
    uses: int = 0
    successes: int = 0
    failures: int = 0


class Selector(BaseModel):
    """How a control is found again when the layout has moved."""

    model_config = ConfigDict(extra="forbid")

    package: str = ""
    resource_id: str = ""
    label: str = ""
    role: str = ""
    context: str = ""


class MacroStep(BaseModel):
    """One recorded step; in `action` typed texts are `{{name}}` where they are parameters."""

    model_config = ConfigDict(extra="forbid")

    action: dict[str, Any]
    selector: Selector | None = None
    expect: str = ""


class Macro(BaseModel):
    """A recorded run that can be replayed."""

    id: int = 0
    name: str = Field(min_length=1, max_length=100)
    goal: str = Field(default="", max_length=4000)
    steps: list[MacroStep] = Field(min_length=1, max_length=200)
    parameters: dict[str, str] = {}
    source: str = "user"
    created: str = ""
