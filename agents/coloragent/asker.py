"""The asker: whether a screen is one that the user should hear about, in VeriOS's five classes of scenario."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pydantic import BaseModel, Field

from ...models import ModelCaller
from ...tools.phone import Observation
from .._answer import Answer
from .._prompt import DATA_RULE, answer_in, data
from ._ask import ask_model
from .decision import Scenario

SYSTEM = (
    """Decide whether the user of a phone must be asked something before the task goes on. scenario:
normal (go on), choices (several fit and the task does not say which), anomaly (something strange is in the way),
missing (a fact that only the user has, such as an account), sensitive (something that binds or exposes the user).
question: one short question, empty when normal. options: up to 4 short answers, if they can be named. """
    + DATA_RULE
)


class Scene(BaseModel):
    """The class of a screen, and what to ask."""

    scenario: Scenario = "normal"
    question: str = Field(default="", max_length=500)
    options: list[str] = Field(default=[], max_length=6)


_ANOMALIES = (
    (r"keeps stopping|has stopped|isn'?t responding|not responding|중지되었습니다|응답하지 않", "An app has a problem"),
    (r"no (?:internet|network|connection)|you'?re offline|check your (?:connection|network)|인터넷에? ?연결"
     r"|네트워크.*(?:없|확인)", "There is no network"),
    (r"storage (?:is )?(?:almost )?full|저장 ?공간.*부족", "The storage is full"),
    (r"verify (?:that )?you(?:'re| are) (?:a )?human|captcha|로봇이 아닙니다", "The app asks for a person"),
)  # fmt: skip


async def assess_scene(
    caller: ModelCaller | None,
    goal: str,
    observation: Observation,
    screen: str,
    *,
    known: Sequence[str],
    language: str,
    pictures: Sequence[bytes] = (),
) -> Answer[Scene]:
    """Whether to ask. Rules find what may be asked about, and only then an able model is asked to decide.

    Args:
        screen: The element list.
        known: What the user already said, and the names of secrets that can be typed.
    """
    own = scene_by_rules(goal, observation, known)
    if own.scenario == "normal":
        return Answer.by_rule(own, "nothing about the screen is unusual")
    user = f"Task: {goal}\nThe user already said:\n{data(chr(10).join(known) or '(nothing)')}\nScreen:\n{data(screen)}"
    return await ask_model(
        caller,
        "asker",
        SYSTEM + answer_in(language),
        user,
        Scene,
        fallback=lambda: own,
        max_tokens=200,
        pictures=pictures,
    )


def scene_by_rules(goal: str, observation: Observation, known: Sequence[str]) -> Scene:
    """A login that nobody gave an account for is missing; a broken app, no network, a captcha are anomalies."""
    nodes = [n for n in observation.tree.walk() if n.displayed]
    secret = [n for n in nodes if n.password and n.editable and not n.content]
    if secret and not known and not re.search(r"password|비밀번호", goal.lower()):
        where = observation.package or "this app"
        return Scene(
            scenario="missing", question=f"{where} asks for a login. Which account and password shall I use?"
        )
    texts = " ".join(n.text or n.description for n in nodes if not n.password)[:6000]
    for pattern, said in _ANOMALIES:
        if re.search(pattern, texts, re.IGNORECASE):
            return Scene(scenario="anomaly", question=f"{said}. How shall I go on?")
    return Scene()
