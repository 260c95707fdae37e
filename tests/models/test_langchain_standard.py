"""LangChain's own conformance tests for chat models, where `langchain-tests` is installed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tenfold.models import EmbeddedChat

unit = pytest.importorskip("langchain_tests.unit_tests", reason="langchain-tests is not installed")


class TestEmbeddedChatUnit(unit.ChatModelUnitTests):
    """Construction, bindings and serialisation: the model's file is never opened."""

    @property
    def chat_model_class(self) -> type[EmbeddedChat]:
        return EmbeddedChat

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {"path": Path("/nowhere/model.gguf")}

    @pytest.mark.xfail(
        reason="The engine holds one model: a call cannot name another, and traces must not say so."
    )
    def test_standard_params_model_override(self, model: Any) -> None:
        super().test_standard_params_model_override(model)
