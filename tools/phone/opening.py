"""Opens a device by what a user says of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ...errors import PhoneError
from .port import Device

APPIUM_URL = "http://127.0.0.1:4723"


@dataclass(frozen=True)
class DeviceSpec:
    """Which device, and how it is reached.

    Attributes:
        serial: As adb names it; "" takes the only one.
        appium_url: Of the Appium server.
        virtual: Tenfold's virtual Android; its owner opens it (see `open_device`).
        shell: Allow the shell.
        capabilities: More Appium capabilities, such as a device cloud's.
    """

    serial: str = ""
    appium_url: str = APPIUM_URL
    virtual: bool = False
    shell: bool = False
    capabilities: Mapping[str, Any] = field(default_factory=dict[str, Any])


def open_device(spec: DeviceSpec) -> Device:
    """Open a device through Appium.

    Raises:
        PhoneError: It cannot be opened, or is a virtual one: that is not reached from here (`InProcessDevice` of
            `tools.android` is its device, made by the caller).
        MissingExtra: The client is not installed.
    """
    if spec.virtual:
        raise PhoneError(
            "A virtual Android is not opened by its address.",
            mend="Make one: InProcessDevice(VirtualAndroid()) of tenfold.tools.android.",
        )
    from .appium import AppiumDevice

    return AppiumDevice(spec.appium_url, serial=spec.serial, capabilities=spec.capabilities, shell=spec.shell)
