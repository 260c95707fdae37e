"""Waits until a screen is still: polls what is on it instead of sleeping a fixed time."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from .port import Device, Observation


@runtime_checkable
class Clocked(Protocol):
    """A device with a clock of its own: waiting moves that clock and costs no time of ours."""

    def sleep(self, seconds: float) -> None:
        """Let so much device time pass."""
        ...

    def monotonic(self) -> float:
        """Seconds of device time since some moment; never goes back."""
        ...


@dataclass(frozen=True, slots=True)
class Settled:
    """What a screen looked like when it came to rest.

    Attributes:
        observation: The last look.
        settled: Whether two looks in a row were equal; False when the cap ended the wait.
        waited_s: Seconds from the first look to the last, on the device's own clock if it has one.
        looks: How often the device was asked.
    """

    observation: Observation
    settled: bool
    waited_s: float
    looks: int


def settle(
    device: Device,
    *,
    quiet_s: float = 0.15,
    cap_s: float = 6.0,
    screenshot: bool = True,
    after: Observation | None = None,
    patience_s: float = 1.5,
) -> Settled:
    """Look until two looks `quiet_s` apart show the same, or `cap_s` is over.

    The picture belongs to the last look. It is asked for when rest is expected, not on every poll of a moving screen.

    Args:
        device: The phone.
        quiet_s: Seconds between two looks.
        cap_s: The longest wait.
        screenshot: Whether a picture is wanted.
        after: The look from before an action: while the tree is still that one it may only be slow, whatever the
            device says of the activity, and `patience_s` seconds are given to it.
        patience_s: See `after`.

    Raises:
        PhoneError: The device is gone.
    """
    clock = device if isinstance(device, Clocked) else time
    begin = clock.monotonic()
    old = after.tree.signature("", "", False) if after is not None else ""
    last, looks, expect_rest = device.observe(screenshot=False), 1, True
    while True:
        clock.sleep(quiet_s)
        now = device.observe(screenshot=screenshot and expect_rest)
        looks += 1
        same = now.signature == last.signature
        waited = clock.monotonic() - begin
        late = bool(old) and waited < patience_s and now.tree.signature("", "", False) == old
        if same and not late and (now.png is not None or expect_rest or not screenshot):
            return Settled(now, True, waited, looks)
        if waited >= cap_s:
            if screenshot and not expect_rest:
                now, looks = device.observe(screenshot=True), looks + 1
            return Settled(now, False, clock.monotonic() - begin, looks)
        last, expect_rest = now, same
