"""Every error that Tenfold raises on purpose, in one tree.

    TenfoldError
    ├── ConfigError              a setting, model name or option is wrong
    │   └── MissingExtra         an optional part is not installed
    ├── ModelError               a chat or embedding model failed
    │   ├── ModelNotFound        no such provider, file or model
    │   ├── ModelUnavailable     unreachable, refusing, or failing after all retries
    │   ├── ModelTimeout         no answer in the time allowed
    │   └── CapabilityMissing    the engine cannot do what was asked (log-probs, grammar …)
    ├── BudgetExceeded           the run's cap on tokens, money or minutes is reached
    ├── ToolError                a tool could not do its work
    │   ├── SearchFailed         a search engine is blocked, limited or unreachable
    │   ├── FetchRefused         an address, size or type that the fetcher does not accept
    │   ├── DocumentUnreadable   a file is encrypted, damaged, too large or of an unknown kind
    │   ├── SqlRefused           a statement that is not a plain read
    │   └── PhoneError           a phone is gone, refuses, or has no such app or field
    ├── RunError                 a run is unknown, finished, or held by another process
    └── StoreUnavailable         the database cannot be read or written just now

Each message says what happened, shows the offending value, and ends with the mend.
"""

from __future__ import annotations


class TenfoldError(Exception):
    """What happened, and what to do about it.

    Args:
        message: One sentence with the offending value in it.
        mend: What the reader can do; shown after the message.
    """

    def __init__(self, message: str, *, mend: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.mend = mend

    def __str__(self) -> str:
        return f"{self.message} {self.mend}".strip()


class ConfigError(TenfoldError):
    """A setting, a model name or an option is wrong."""


class MissingExtra(ConfigError):
    """An optional part is not installed.

    Args:
        what: The feature that was asked for, as a noun phrase ("charts").
        extra: The name of the extra that brings it.
    """

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(
            f"{what} needs an optional part.", mend=f"Install it with: pip install 'tenfold[{extra}]'"
        )
        self.extra = extra


class ModelError(TenfoldError):
    """A chat or embedding model failed."""


class ModelNotFound(ModelError):
    """No such provider, model or model file."""


class ModelUnavailable(ModelError):
    """The model's server is unreachable, refuses, or failed after all retries."""


class ModelTimeout(ModelError):
    """The model gave no answer in the time allowed."""


class CheckpointInvalid(ModelError):
    """Weights or their configuration are not what they should be: missing, extra, misshaped, damaged."""


class CapabilityMissing(ModelError):
    """The engine behind this model cannot do what was asked."""


class BudgetExceeded(TenfoldError):
    """The run's cap on tokens, money or minutes is reached; nothing more is called."""


class ToolError(TenfoldError):
    """A tool could not do its work."""


class SearchFailed(ToolError):
    """A search engine is blocked, rate limited or unreachable."""


class FetchRefused(ToolError):
    """The fetcher does not accept this address, size or type."""


class DocumentUnreadable(ToolError):
    """A file is encrypted, damaged, too large or of a kind nothing here reads."""


class SqlRefused(ToolError):
    """The statement is not a plain read of the data that was opened."""


class PhoneError(ToolError):
    """A phone is gone, refuses, or has no such app or field."""


class RunError(TenfoldError):
    """A run is unknown, already finished, or held by another process."""


class StoreUnavailable(TenfoldError):
    """The database cannot be read or written just now: it is full, locked, or its server is away."""
