"""Begins a phone run and drives it from the terminal."""

from __future__ import annotations

import asyncio
from typing import Any

from ..errors import ConfigError
from ._common import load, say, services
from .phone_end import give_secrets
from .research import Output, drive

VIRTUAL = "This is a virtual phone; results are not results on Android."


def perform(asked: dict[str, Any], output: Output) -> None:
    """Begin a phone run and drive it to its end, a question or a pause."""
    from ..web import Driver
    from ..web.runs import PhoneInput
    from .setup import prepare_model

    checked = PhoneInput.model_validate(asked)
    settings = load(model=checked.model)
    opened = services(settings)
    driver = Driver(opened)
    give_secrets(driver, checked.secrets)
    driver.registry.need("phone").check(checked, "local")
    prepare_model(settings, checked.model, documents=False)
    if checked.device == "virtual" and not output.as_json:
        say(VIRTUAL, "dim")
    made = opened.store.create("phone", checked.goal.strip(), checked.model_dump(mode="json"))
    asyncio.run(drive(driver, made, None, output))


def device_of(*, serial: str | None, virtual: bool, appium: str | None) -> str:
    """The device as a run names it.

    Raises:
        ConfigError: A virtual phone and another one are asked for.
    """
    if virtual and (serial or appium):
        raise ConfigError("--virtual and a device exclude each other.", mend="Give one of them.")
    if appium:
        return f"{appium}#{serial}" if serial else appium
    return serial or "virtual"
