"""Tree against picture before a gated action: shown to who is asked; a question where a rule would have let it pass."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from phone_world import DONE, PhoneWorld, open_app, tap, type_into

from tenfold.tools.android import InProcessDevice, VirtualAndroid
from tenfold.tools.phone import Observation, Rule, SafetyPolicy

GOAL = "Tell Hana Kim in Simple SMS Messenger that I come"
MOVES = [
    open_app("Simple SMS Messenger"),
    tap("Hana Kim"),
    type_into("Type a message", "I come"),
    tap("Send", "button"),
    DONE,
]
ALLOW = SafetyPolicy([Rule(decision="allow", classes=["send"])])


class Painted(InProcessDevice):
    """A phone on whose picture something covers the lower half, of which the tree knows nothing."""

    looked = 0

    def observe(self, *, screenshot: bool = True) -> Observation:
        import dataclasses
        import io

        from PIL import Image, ImageDraw

        seen = super().observe(screenshot=screenshot)
        if seen.png is None or not self.android.keyboard:
            return seen
        self.looked += 1
        with Image.open(io.BytesIO(seen.png)) as opened:
            picture = opened.convert("RGB")
        ImageDraw.Draw(picture).rectangle((0, 250, 1080, 1500), fill=(255, 255, 255))
        out = io.BytesIO()
        picture.save(out, "PNG", compress_level=1)
        return dataclasses.replace(seen, png=out.getvalue())


@pytest.mark.parametrize("pictures", ["always", "never"])
async def test_a_screen_that_is_not_what_it_says_is_asked_about(tmp_path: Path, pictures: str) -> None:
    device = Painted(VirtualAndroid(), shell=True)
    world = PhoneWorld(tmp_path, MOVES, rules=ALLOW, device=device)
    (asked,) = await world.go(world.begin(GOAL, pictures=pictures))
    assert asked["kind"] == "approve_action" and asked["rule"] == "disagree"
    kinds = {d["kind"] for d in asked["disagreements"]}
    assert kinds == {"not_drawn"} and any(d["at_target"] for d in asked["disagreements"])
    assert asked["disagreements"][0]["at_target"]
    if pictures == "never":  # one picture, compared and not kept
        assert device.looked == 1 and asked["image"] == ""
    assert await world.reply({"action": "approve"}) == []


async def test_where_they_agree_a_rule_lets_pass_and_nothing_is_looked_at_for_harmless_steps(
    tmp_path: Path,
) -> None:
    world = PhoneWorld(tmp_path, MOVES, rules=ALLOW)
    looks: list[bool] = []
    device: Any = world.device
    observe = device.observe

    def counted(*, screenshot: bool = True) -> Observation:
        looks.append(screenshot)
        return observe(screenshot=screenshot)

    device.observe = counted
    assert await world.go(world.begin(GOAL)) == []
    assert looks.count(True) == 1  # before the one gated step
    assert world.events("phone.allowed")[0].data["rule"] == "rule:1"
