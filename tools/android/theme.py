"""Sizes in pixels at 420 dpi, and the colours of a screen."""

from __future__ import annotations

from dataclasses import dataclass

DENSITY = 420
STATUS = 96
NAV = 126
KEYBOARD = 860
MARGIN = 48
"""Height of the status bar, of the navigation bar, of the keyboard; the usual space at a screen's sides."""


def dp(n: float) -> int:
    """Density-independent pixels as pixels."""
    return round(n * DENSITY / 160)


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours, #rrggbb."""

    primary: str
    surface: str = "#FBFBFF"
    card: str = "#EEF0F8"
    ink: str = "#1A1C1E"
    muted: str = "#5D6068"
    line: str = "#DDDFE6"
    danger: str = "#B3261E"
    on_primary: str = "#FFFFFF"
    dark: bool = False

    @property
    def tint(self) -> str:
        """The primary colour, thinned with the surface: grounds of chosen things."""
        return mix(self.primary, self.surface, 0.18 if not self.dark else 0.32)


def mix(a: str, b: str, share: float) -> str:
    """`share` of colour `a`, the rest of `b`."""
    pairs = zip(bytes.fromhex(a[1:]), bytes.fromhex(b[1:]), strict=True)
    return "#" + bytes(round(x * share + y * (1 - share)) for x, y in pairs).hex()


def theme(primary: str, dark: bool = False) -> Theme:
    """The theme of an app with this colour, light or dark."""
    if not dark:
        return Theme(primary)
    return Theme(
        mix(primary, "#FFFFFF", 0.55), "#131316", "#232529", "#E4E2E6", "#A9ABB4", "#3A3C42", "#F2B8B5",
        "#101114", dark=True,
    )  # fmt: skip
