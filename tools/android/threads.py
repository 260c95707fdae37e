"""Which conversation a text message belongs to."""

from __future__ import annotations

import re
import sqlite3


def thread_of(db: sqlite3.Connection, address: str) -> int:
    """The thread of a number: an old one, or the next."""
    digits = re.sub(r"\D", "", address)
    for row in db.execute("SELECT DISTINCT thread_id, address FROM sms ORDER BY thread_id"):
        if row[1] == address or (digits and re.sub(r"\D", "", row[1]) == digits):
            return row[0]
    return db.execute("SELECT coalesce(max(thread_id), 0) + 1 FROM sms").fetchone()[0]
