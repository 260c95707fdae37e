"""Pictures in messages: seen by the model, kept out of the ledger, refused before a blind model is called."""

from __future__ import annotations

import base64
import json
import struct
import zlib

import pytest
from pydantic import BaseModel

from tenfold.durable import MemoryLedger
from tenfold.errors import CapabilityMissing, ConfigError
from tenfold.models import Budget, CallEvent, Image, ModelCaller, ScriptedChat, open_model, register_script
from tenfold.models.info import openai_info
from tenfold.settings import BudgetLimits, Endpoint, load_settings


def png(width: int = 3, height: int = 2, shade: int = 7) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + bytes([shade]) * width for _ in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


class Colour(BaseModel):
    colour: str


def caller(chat: ScriptedChat, ledger: MemoryLedger, events: list[CallEvent] | None = None) -> ModelCaller:
    model = open_model(register_script("seer", chat), load_settings())
    tell = events.append if events is not None else None
    return ModelCaller(model, ledger, Budget(BudgetLimits()), retries=0, on_event=tell)


async def test_the_model_sees_the_picture_and_the_ledger_keeps_its_hash_only() -> None:
    picture, ledger, events = Image(png()), MemoryLedger(), list[CallEvent]()
    chat = ScriptedChat(rules=[(f"[picture {picture.sha256[:16]} 3x2]", "grey")], vision=True)
    asked = caller(chat, ledger, events)
    reply = await asked.text("look", [("user", ["What colour?", picture])], max_tokens=5)
    assert reply.text == "grey"
    again = await asked.text("look", [("user", ["What colour?", Image(png())])], max_tokens=5)
    assert again.text == "grey" and chat.calls == 1, "the same picture is the same question"
    records = json.dumps([repr(r) for r in await ledger.records()]) + repr(events)
    assert base64.b64encode(picture.png).decode()[20:60] not in records
    assert repr(picture.png)[10:40] not in repr(picture)


async def test_another_picture_is_another_question() -> None:
    chat = ScriptedChat(answer=lambda prompt: "yes", vision=True)
    asked = caller(chat, MemoryLedger())
    for shade in (1, 2):
        await asked.text("look", [("user", ["Same?", Image(png(shade=shade))])], max_tokens=5)
    assert chat.calls == 2


async def test_a_model_without_vision_is_not_called() -> None:
    chat = ScriptedChat(answer=lambda prompt: "never")
    asked = caller(chat, MemoryLedger())
    with pytest.raises(CapabilityMissing, match="reads no pictures"):
        await asked.text("look", [("user", ["?", Image(png())])], max_tokens=5)
    with pytest.raises(CapabilityMissing):
        await asked.structured(
            "look", [("user", [Image(png())])], Colour, fallback=lambda: Colour(colour=""), max_tokens=5
        )
    assert chat.calls == 0


async def test_a_repair_shows_the_picture_again() -> None:
    seen: list[str] = []

    def answer(prompt: str) -> str:
        seen.append(prompt)
        return "no idea" if len(seen) == 1 else '{"colour": "grey"}'

    asked = caller(ScriptedChat(answer=answer, vision=True), MemoryLedger())
    reply = await asked.structured(
        "look", [("user", ["?", Image(png())])], Colour, fallback=lambda: Colour(colour="-"), max_tokens=5
    )
    assert reply.source == "repaired" and reply.value.colour == "grey"
    assert all("[picture " in prompt for prompt in seen)


def test_tokens_grow_with_the_picture_and_a_non_png_is_refused() -> None:
    assert Image(png(1080, 2400)).tokens == 39 * 86
    assert Image(png(3, 2)).tokens == 85
    with pytest.raises(ConfigError, match="not a PNG"):
        Image(b"\xff\xd8 a JPEG that is long enough")


def test_who_reads_pictures() -> None:
    assert "vision" in openai_info("gpt-4o-2024-08-06").capabilities
    assert "vision" not in openai_info("gpt-unknown").capabilities
    from tenfold.models.open import _abilities

    assert "vision" in _abilities(Endpoint(base_url="http://x", vision=True))
    assert "vision" not in _abilities(Endpoint(base_url="http://x"))


def test_an_error_that_echoes_a_picture_is_redacted() -> None:
    from tenfold.models.retry import redact

    assert redact("bad data:image/png;base64,iVBORw0KGgoAAAANS= here") == (
        "bad data:image/png;base64,[picture] here"
    )
