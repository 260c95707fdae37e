"""Structured logs without secrets."""

from __future__ import annotations

import json
import logging
import os
import re
from datetime import UTC, datetime
from typing import IO

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}
_PATTERNS = (
    re.compile(r"(?i)(bearer\s+|basic\s+)[A-Za-z0-9._~+/=-]{8,}"),
    re.compile(r"(\w[\w+.-]{0,40}://[^\s:/@]{1,200}:)[^\s@/]{1,200}(?=@)"),
    re.compile(
        r"(?i)((?:pass(?:word|wd)?|secret|token|api[_-]?key|authorization|cookie)[\"']?\s*[=:]\s*[\"']?)[^\s\"',;&}]{4,}"
    ),
    re.compile(r"()\b(?:sk|pk|ghp|gho|xox[abp])[-_][A-Za-z0-9_-]{12,}"),
)
_NAMES = re.compile(r"(?i)(key|token|secret|password|passwd)$")


def redact(text: str) -> str:
    """The text without what looks like a secret, and without the values of the environment's secret variables."""
    for name, value in os.environ.items():
        if len(value) >= 8 and _NAMES.search(name) and value in text:
            text = text.replace(value, "***")
    for pattern in _PATTERNS:
        text = pattern.sub(r"\1***", text)
    return text


class PlainLines(logging.Formatter):
    """One line a record, secrets out."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """The line; what an error prints is redacted too."""
        return redact(super().format(record))


class JsonLines(logging.Formatter):
    """One JSON object a record: at, level, logger, message, and what was given as `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        """The object on one line."""
        told: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": redact(record.getMessage()),
        }
        for name, value in vars(record).items():
            if name not in _STANDARD and not name.startswith("_"):
                told[name] = value if isinstance(value, int | float | bool | None) else redact(str(value))
        if record.exc_info:
            told["error"] = redact(self.formatException(record.exc_info))
        return json.dumps(told, ensure_ascii=False)


def set_up(stream: IO[str], *, as_json: bool) -> None:
    """Send this process's log to a stream; with `as_json` every request is logged, else warnings alone."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines() if as_json else PlainLines())
    logging.basicConfig(handlers=[handler], level=logging.INFO if as_json else logging.WARNING, force=True)
    for name in ("httpx", "httpcore", "uvicorn.access", "dbos"):
        logging.getLogger(name).setLevel(logging.WARNING)
