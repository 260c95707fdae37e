"""Small things in words: amounts against their caps, times, what a steering message did."""

from __future__ import annotations

from typing import Any


def clock(seconds: float) -> str:
    """Minutes and seconds: 75 → 1:15."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02d}"


def of_cap(amount: str, cap: str | None) -> str:
    """An amount, and its cap when there is one: "120 of 5,000"."""
    return f"{amount} of {cap}" if cap else amount


def effect_words(effect: dict[str, Any]) -> str:
    """What a steering message did, in a few words."""
    words: list[str] = []
    for name, value in effect.items():
        label = name.replace("_", " ")
        if name == "constraints":
            words += [f"rule {c['id']} ({c['kind']})" for c in value]
        elif name == "budget":
            words += [f"{b['unit']} {b['from'] or 'no cap'} → {b['to']}" for b in value]
        elif value == [True]:
            words.append(label)
        else:
            words.append(f"{label} {', '.join(map(str, value))}")
    return "; ".join(words)
