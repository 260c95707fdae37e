"""What goes wrong on true phones, by seeded chance."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Faults:
    """Chances from 0 to 1, drawn once per action from the device's own generator; all off by default.

    Attributes:
        dropped_tap: A touch does nothing.
        late_redraw: The next look or two still show the screen from before the action.
        stale_tree: The next look's tree is the old one while its picture is already new.
        keyboard_over: A keyboard that comes up lies over the app's lower half instead of making room.
        permission_dialog: An app that comes to the front asks for a permission first.
        anr_dialog: "APP isn't responding" after a touch.
        crash: The app in front closes after a touch; its data stays.
        no_network: For the first 12 inputs there is no network, whatever the settings say.
        rotation: The screen turns after an action (and back by the same chance).
        pixels_only: A word or button is missing from the tree until the next action; its picture stays.
        tree_only: A word or button is missing from the picture until the next action; its node stays.
        toast: A toast that has nothing to do with the task.
        recycling: Lists hold only the rows that are shown, numbered from the first of them.
    """

    dropped_tap: float = 0.0
    late_redraw: float = 0.0
    stale_tree: float = 0.0
    keyboard_over: float = 0.0
    permission_dialog: float = 0.0
    anr_dialog: float = 0.0
    crash: float = 0.0
    no_network: bool = False
    rotation: float = 0.0
    pixels_only: float = 0.0
    tree_only: float = 0.0
    toast: float = 0.0
    recycling: bool = True

    NAMES: ClassVar[tuple[str, ...]] = (
        "anr_dialog", "crash", "dropped_tap", "keyboard_over", "late_redraw", "no_network", "permission_dialog",
        "pixels_only", "recycling", "rotation", "stale_tree", "toast", "tree_only",
    )  # fmt: skip
    """Every knob."""

    def __post_init__(self) -> None:
        for knob in fields(self):
            value = float(getattr(self, knob.name))
            if not 0.0 <= value <= 1.0:
                raise ValueError(f"Faults.{knob.name}={value} is not a chance from 0 to 1.")

    @staticmethod
    def default(name: str) -> Faults:
        """One knob at its default rate, all others off.

        Raises:
            ValueError: No such knob.
        """
        if name not in _RATES:
            raise ValueError(f"No fault {name!r}; there are {', '.join(Faults.NAMES)}.")
        return Faults(**{name: _RATES[name]})  # type: ignore[arg-type]


OUTAGE = 12
"""Inputs after which the network of the fault `no_network` comes back."""

_RATES: dict[str, float | bool] = {
    "dropped_tap": 0.1, "late_redraw": 0.2, "stale_tree": 0.1, "keyboard_over": 0.5, "permission_dialog": 0.5,
    "anr_dialog": 0.05, "crash": 0.03, "no_network": True, "rotation": 0.05, "pixels_only": 0.05, "tree_only": 0.05,
    "toast": 0.2, "recycling": True,
}  # fmt: skip
