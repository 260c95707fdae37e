"""What is known about a model before it is called: context, abilities, price."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

Capability = Literal["json_schema", "logprobs", "stream", "tools", "vision"]

PRICES_AS_OF = "2026-06"


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """Facts about one model.

    Attributes:
        name: The model's name at its provider.
        provider: Who serves it.
        label: What a report calls it.
        context_tokens: Prompt and reply together.
        small: Under about one billion parameters: keep prompts short and check everything.
        capabilities: What its engine can do.
        usd_per_million_in: US dollars for a million prompt tokens; None is unknown, which is not free.
        usd_per_million_out: The same for reply tokens.
        reasoning: It thinks before it answers: it takes no temperature, and its thoughts count as reply tokens.
        patience_s: Seconds that one call may take in any case, however short the time-out that is set.
    """

    name: str
    provider: str
    label: str
    context_tokens: int
    small: bool = False
    capabilities: frozenset[Capability] = frozenset()
    usd_per_million_in: float | None = None
    usd_per_million_out: float | None = None
    reasoning: bool = False
    patience_s: float = 0.0

    def cost(self, input_tokens: int, output_tokens: int) -> float | None:
        """US dollars for so many tokens, or None if the price is unknown."""
        if self.usd_per_million_in is None or self.usd_per_million_out is None:
            return None
        return (input_tokens * self.usd_per_million_in + output_tokens * self.usd_per_million_out) / 1e6


@dataclass(frozen=True, slots=True)
class Known:
    """One row of the price table: list prices without caching or batch discounts."""

    usd_in: float
    usd_out: float
    context_tokens: int
    reasoning: bool
    vision: bool = True


# OpenAI's list prices as of PRICES_AS_OF, read from third-party copies of the price page; an own price is set
# with an [endpoints] entry. The longest key that a name begins with wins, so dated versions are found too. All rows
# read pictures; a model without a row is not assumed to.
OPENAI: dict[str, Known] = {
    "gpt-5.5": Known(5.00, 30.00, 1_000_000, True),
    "gpt-5.4": Known(2.50, 15.00, 1_000_000, True),
    "gpt-5.4-mini": Known(0.75, 4.50, 400_000, True),
    "gpt-5.4-nano": Known(0.20, 1.25, 400_000, True),
    "gpt-5": Known(1.25, 10.00, 400_000, True),
    "gpt-5-mini": Known(0.25, 2.00, 400_000, True),
    "gpt-5-nano": Known(0.05, 0.40, 400_000, True),
    "gpt-4.1": Known(2.00, 8.00, 1_047_576, False),
    "gpt-4.1-mini": Known(0.40, 1.60, 1_047_576, False),
    "gpt-4.1-nano": Known(0.10, 0.40, 1_047_576, False),
    "gpt-4o": Known(2.50, 10.00, 128_000, False),
    "gpt-4o-mini": Known(0.15, 0.60, 128_000, False),
}


_TEXT: frozenset[Capability] = frozenset({"json_schema", "stream", "tools"})
_VISION: frozenset[Capability] = frozenset({*_TEXT, "vision"})


def openai_info(name: str) -> ModelInfo:
    """What is known about an OpenAI model; its price is None if the table has no row for it."""
    key = max((key for key in OPENAI if _is_version_of(name, key)), key=len, default=None)
    known = OPENAI[key] if key else None
    return ModelInfo(
        name=name,
        provider="openai",
        label=f"{name} (OpenAI)",
        context_tokens=known.context_tokens if known else 128_000,
        capabilities=_VISION if known and known.vision else _TEXT,
        usd_per_million_in=known.usd_in if known else None,
        usd_per_million_out=known.usd_out if known else None,
        reasoning=known.reasoning if known else name.startswith(("o1", "o3", "o4", "gpt-5", "gpt-6")),
    )


def _is_version_of(name: str, key: str) -> bool:
    """Whether `name` is `key` or a dated version of it (gpt-4o-2024-08-06), not a sibling (gpt-4o-audio)."""
    rest = name.removeprefix(key)
    return name.startswith(key) and (not rest or (rest[0] == "-" and rest[1:].replace("-", "").isdigit()))


@dataclass(frozen=True, slots=True)
class OpenModel:
    """A model that is ready to be called.

    Attributes:
        chat: The LangChain chat model; it never retries by itself.
        info: What is known about it.
        count_tokens: Tokens of a text: exact for the embedded engine, an upper estimate elsewhere.
        secrets: Strings that must not appear in messages or events.
    """

    chat: BaseChatModel
    info: ModelInfo
    count_tokens: Callable[[str], int]
    secrets: tuple[str, ...] = field(default=(), repr=False)
