"""Where the accounts of a server lie."""

from __future__ import annotations

from ..errors import ConfigError
from ..settings import Settings
from ..tools.accounts import AccountStore


def open_accounts(settings: Settings) -> AccountStore:
    """Open the accounts: beside the runs, in the data folder or in the database.

    Raises:
        ConfigError: The folder or database cannot be used.
    """
    if settings.database:
        return AccountStore(settings.database)
    try:
        return AccountStore(settings.data_dir.expanduser())
    except OSError as error:
        raise ConfigError(
            f"The data folder {str(settings.data_dir)!r} cannot be used: {error.strerror}.",
            mend="Set TENFOLD_DATA_DIR to a folder that you can write.",
        ) from error
