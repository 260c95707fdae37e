"""Which failures of a model call are worth another try, when, and what they are called in the end."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from ..errors import ModelError, ModelNotFound, ModelTimeout, ModelUnavailable, TenfoldError

BASE_S = 0.5
CAP_S = 60.0

_AGAIN = frozenset({408, 409, 425, 429})  # and every 5xx


class CutStream(ModelUnavailable):
    """The reply ended before its end."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do about a failed try.

    Attributes:
        error: What the caller gets if nothing more is tried.
        again: Whether another try can help.
        after_s: How long the server asks to wait, if it does.
    """

    error: ModelError
    again: bool
    after_s: float | None = None


def judge(error: Exception, model: str, secrets: Sequence[str] = ()) -> Verdict | None:
    """What a failed try means; None if the error is not about the call and must pass through.

    The client libraries are recognised by their errors' attributes and module, so that none must be imported.
    """
    if isinstance(error, CutStream | ModelTimeout):
        return Verdict(error, again=True)
    if isinstance(error, TenfoldError | AssertionError):
        return None
    text = redact(f"{type(error).__name__}: {error}", secrets)[:300]
    if _is_timeout(error):
        return Verdict(ModelTimeout(f"Model {model!r} gave no answer in time ({text})."), again=True)
    status = getattr(error, "status_code", None)
    if isinstance(status, int):
        return _by_status(error, status, model, text)
    if isinstance(error, ConnectionError) or _from(error, "openai", "httpx", "httpx2", "httpcore"):
        message = f"Model {model!r} cannot be reached ({text})."
        return Verdict(ModelUnavailable(message, mend="Check the address and the network."), again=True)
    if isinstance(error, ValueError | LookupError | TypeError | AttributeError):
        message = f"Model {model!r} sent something that is not a reply ({text})."
        return Verdict(
            ModelUnavailable(message, mend="Check that the server speaks OpenAI's protocol."), True
        )
    return None


def wait_s(attempt: int, after_s: float | None) -> float:
    """Seconds to wait before try `attempt` + 1: what the server asks for, or exponential with full jitter.

    Source: Brooker, "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015).
    """
    if after_s is not None:
        return min(CAP_S, after_s + random.uniform(0, 0.1))
    return random.uniform(0, min(CAP_S, BASE_S * 2**attempt))


def redact(text: str, secrets: Sequence[str] = ()) -> str:
    """Take keys, passwords and the bytes of pictures out of a text."""
    text = re.sub(r"(?<=;base64,)[A-Za-z0-9+/=]+", "[picture]", text)
    for secret in secrets:
        text = text.replace(secret, "[key]")
    text = re.sub(r"\b(sk|pk|key)-[\w*-]{6,}", "[key]", text)
    text = re.sub(r"(?i)\bbearer\s+\S+", "Bearer [key]", text)
    return re.sub(r"://[^/\s:@]+:[^/\s@]+@", "://[password]@", text)


def _by_status(error: Exception, status: int, model: str, text: str) -> Verdict:
    if status in (401, 403):
        mend = "Check the key's environment variable and the account."
        return Verdict(ModelUnavailable(f"Model {model!r} refuses the key ({text}).", mend=mend), again=False)
    if status == 404:
        return Verdict(ModelNotFound(f"The server has no model {model!r} ({text})."), again=False)
    if getattr(error, "code", None) == "insufficient_quota":
        mend = "Add credit to the account."
        return Verdict(
            ModelUnavailable(f"Model {model!r}: the account is empty ({text}).", mend=mend), again=False
        )
    again = status in _AGAIN or status >= 500
    return Verdict(ModelUnavailable(f"Model {model!r} answered {status} ({text})."), again, _after(error))


def _after(error: Exception) -> float | None:
    """Seconds of a Retry-After header (RFC 9110, 10.2.3: seconds or a date)."""
    scripted = getattr(error, "retry_after", None)
    if isinstance(scripted, int | float):
        return float(scripted)
    headers = getattr(getattr(error, "response", None), "headers", None)
    if not isinstance(headers, Mapping):
        return None
    value = str(headers.get("retry-after") or "").strip()
    if not value:
        return None
    if re.fullmatch(r"\d+(\.\d+)?", value):
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return None


def _is_timeout(error: Exception) -> bool:
    return isinstance(error, TimeoutError) or any("Timeout" in kind.__name__ for kind in type(error).__mro__)


def _from(error: Exception, *modules: str) -> bool:
    return any(kind.__module__.partition(".")[0] in modules for kind in type(error).__mro__)
