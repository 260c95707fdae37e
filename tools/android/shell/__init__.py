"""The virtual Android's shell: a small, honest /system/bin/sh. What is not known answers 127, never success."""

from __future__ import annotations

from .base import Shell
from .content import query
from .run import run

__all__ = ["Shell", "query", "run"]
