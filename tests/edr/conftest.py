"""Fixtures: worlds in which the whole graph runs in a second."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from edr_world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
def make_world(tmp_path: Path) -> Callable[..., World]:
    count = iter(range(1000))
    return lambda **parts: World(tmp_path / f"w{next(count)}", **parts)
