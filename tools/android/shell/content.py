"""`content query|insert|update|delete` over settings, messages, contacts and the call log."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..threads import thread_of
from .base import Shell, command, failed, options, said

if TYPE_CHECKING:
    from ..device import VirtualAndroid

CONTACTS = "com.google.android.contacts"
MESSAGES = "com.simplemobiletools.smsmessenger"

Row = dict[str, str | None]


@dataclass(frozen=True, slots=True)
class Provider:
    """How a URI is read and changed; ids are of the column `_id`."""

    rows: Callable[[VirtualAndroid], list[Row]]
    insert: Callable[[VirtualAndroid, Row], None] | None = None
    delete: Callable[[VirtualAndroid, list[str]], None] | None = None
    update: Callable[[VirtualAndroid, list[str], Row], None] | None = None


def _table(android: VirtualAndroid, package: str, sql: str, *values: object) -> list[Row]:
    return [
        {k: None if row[k] is None else str(row[k]) for k in tuple(row.keys())}
        for row in android.db(package).execute(sql, values)
    ]


# Messages


def _sms(box: int | None) -> Provider:
    sql = (
        "SELECT _id, thread_id, address, NULL AS person, date, date AS date_sent, NULL AS protocol, read, -1 "
        "AS status, type, "
        "NULL AS reply_path_present, NULL AS subject, body, NULL AS service_center, 0 AS locked, 1 AS sub_id, "
        "0 AS error_code, 'com.simplemobiletools.smsmessenger' AS creator, 1 AS seen FROM sms"
    )
    where = f" WHERE type = {box}" if box is not None else ""

    def insert(android: VirtualAndroid, row: Row) -> None:
        db, address = android.db(MESSAGES), row.get("address") or ""
        db.execute(
            "INSERT INTO sms (thread_id, address, date, read, type, body) VALUES (?, ?, ?, ?, ?, ?)",
            (thread_of(db, address), address, int(row.get("date") or android.clock.now().timestamp() * 1000),
             int(row.get("read") or 0), int(row.get("type") or box or 1), row.get("body") or ""),
        )  # fmt: skip

    def update(android: VirtualAndroid, ids: list[str], row: Row) -> None:
        for name in ("body", "read", "address", "date", "type"):
            if name in row:
                marks = ",".join("?" * len(ids))
                android.db(MESSAGES).execute(
                    f"UPDATE sms SET {name} = ? WHERE _id IN ({marks})", (row[name], *ids)
                )

    return Provider(
        lambda a: _table(a, MESSAGES, f"{sql}{where} ORDER BY date DESC, _id DESC"), insert,
        lambda a, ids: _delete(a, MESSAGES, "sms", ids), update,
    )  # fmt: skip


def _delete(android: VirtualAndroid, package: str, table: str, ids: list[str]) -> None:
    android.db(package).executemany(f"DELETE FROM {table} WHERE _id = ?", [(i,) for i in ids])


# Contacts

_NAME, _PHONE, _MAIL = (
    f"vnd.android.cursor.item/{kind}" for kind in ("name", "phone_v2", "email_v2")
)  # fmt: skip


def _phones(android: VirtualAndroid) -> list[Row]:
    return _table(
        android,
        CONTACTS,
        "SELECT p._id, c._id AS contact_id, c._id AS raw_contact_id, trim(c.first || ' ' || c.last) AS display_name, "
        "p.number, p.number AS data1, p.kind AS data2, p.kind AS type, c.starred, "
        "'vnd.android.cursor.item/phone_v2' AS mimetype FROM phones p JOIN contacts c ON c._id = "
        "p.contact_id ORDER BY p._id",
    )


def _contacts(android: VirtualAndroid) -> list[Row]:
    return _table(
        android,
        CONTACTS,
        "SELECT _id, _id AS contact_id, _id AS name_raw_contact_id, trim(first || ' ' || last) AS "
        "display_name, starred, "
        "(SELECT count(*) > 0 FROM phones WHERE contact_id = contacts._id) AS has_phone_number FROM contacts "
        "ORDER BY _id",
    )


def _data(android: VirtualAndroid) -> list[Row]:
    names = _table(
        android,
        CONTACTS,
        "SELECT _id * 1000 AS _id, _id AS contact_id, _id AS raw_contact_id, trim(first || ' ' || last) AS "
        "display_name, "
        "'vnd.android.cursor.item/name' AS mimetype, trim(first || ' ' || last) AS data1, first AS data2, "
        "last AS data3 FROM contacts",
    )
    mails = _table(
        android,
        CONTACTS,
        "SELECT _id * 1000 + 1 AS _id, _id AS contact_id, _id AS raw_contact_id, trim(first || ' ' || last) "
        "AS display_name, "
        "'vnd.android.cursor.item/email_v2' AS mimetype, email AS data1, NULL AS data2, NULL AS data3 FROM "
        "contacts WHERE email <> ''",
    )
    keys = ("_id", "contact_id", "raw_contact_id", "display_name", "mimetype", "data1", "data2")
    phones = [{**{k: row[k] for k in keys}, "data3": None} for row in _phones(android)]
    return [*names, *mails, *phones]


def _insert_contact(android: VirtualAndroid, row: Row) -> None:
    first, _, last = (row.get("display_name") or "").partition(" ")
    android.db(CONTACTS).execute("INSERT INTO contacts (first, last) VALUES (?, ?)", (first, last))


def _insert_data(android: VirtualAndroid, row: Row) -> None:
    db, who, value = android.db(CONTACTS), row.get("raw_contact_id"), row.get("data1") or ""
    if row.get("mimetype") == _NAME:
        first, _, last = value.partition(" ")
        db.execute(
            "UPDATE contacts SET first = ?, last = ? WHERE _id = ?",
            (row.get("data2") or first, row.get("data3") or last, who),
        )
    elif row.get("mimetype") == _PHONE:
        db.execute(
            "INSERT INTO phones (contact_id, number, kind) VALUES (?, ?, ?)",
            (who, value, row.get("data2") or "2"),
        )
    elif row.get("mimetype") == _MAIL:
        db.execute("UPDATE contacts SET email = ? WHERE _id = ?", (value, who))


def _delete_contacts(android: VirtualAndroid, ids: list[str]) -> None:
    _delete(android, CONTACTS, "contacts", ids)
    android.db(CONTACTS).execute("DELETE FROM phones WHERE contact_id NOT IN (SELECT _id FROM contacts)")


def _calls(android: VirtualAndroid) -> list[Row]:
    return _table(
        android,
        CONTACTS,
        "SELECT _id, number, date, duration, type, name FROM calls ORDER BY date DESC, _id DESC",
    )


def _settings(table: str) -> Provider:
    def insert(android: VirtualAndroid, row: Row) -> None:
        android.set_setting(table, row.get("name") or "", row.get("value"))

    def delete(android: VirtualAndroid, ids: list[str]) -> None:
        for name in [n for k, n in enumerate(sorted(android.state.settings[table])) if str(k + 1) in ids]:
            android.set_setting(table, name, None)

    return Provider(
        lambda a: [
            {"_id": str(n + 1), "name": k, "value": v}
            for n, (k, v) in enumerate(sorted(a.state.settings[table].items()))
        ],
        insert,
        delete,
    )


PROVIDERS: dict[str, Provider] = {
    "sms": _sms(None), "sms/inbox": _sms(1), "sms/sent": _sms(2), "sms/draft": _sms(3),
    "contacts/phones": Provider(_phones), "com.android.contacts/data/phones": Provider(_phones),
    "com.android.contacts/contacts": Provider(_contacts, None, _delete_contacts),
    "com.android.contacts/raw_contacts": Provider(_contacts, _insert_contact, _delete_contacts),
    "com.android.contacts/data": Provider(_data, _insert_data),
    "contacts/people": Provider(_contacts, _insert_contact, _delete_contacts),
    "call_log/calls": Provider(_calls, None, lambda a, ids: _delete(a, CONTACTS, "calls", ids)),
    **{f"settings/{table}": _settings(table) for table in ("global", "system", "secure")},
}  # fmt: skip
"""URI without content:// → provider."""


def _find(uri: str) -> tuple[Provider, str]:
    """The provider of a URI, and the last part if that is an id or a setting's name."""
    path = uri.removeprefix("content://").strip("/")
    if path in PROVIDERS:
        return PROVIDERS[path], ""
    parent, _, last = path.rpartition("/")
    return PROVIDERS[parent], last


def query(android: VirtualAndroid, uri: str) -> list[Row]:
    """The rows of a provider.

    Raises:
        KeyError: No such provider.
    """
    provider, one = _find(uri)
    rows = provider.rows(android)
    return [r for r in rows if one in (r.get("_id"), r.get("name"))] if one else rows


def _select(rows: list[Row], where: str, order: str) -> list[Row]:
    """Rows under a WHERE clause and an order, by a database that holds nothing but them."""
    if not rows or not (where or order):
        return rows
    scratch = sqlite3.connect(":memory:")
    try:
        names = list(rows[0])
        columns = ", ".join(f'"{name}"' for name in names)
        scratch.execute(f"CREATE TABLE t (n INTEGER, {columns})")
        marks = ", ".join("?" * (len(names) + 1))
        scratch.executemany(
            f"INSERT INTO t VALUES ({marks})", [(n, *row.values()) for n, row in enumerate(rows)]
        )
        scratch.execute("PRAGMA query_only = 1")
        found = scratch.execute(f"SELECT n FROM t WHERE {where or '1'} ORDER BY {order or 'n'}")
        return [rows[n] for (n,) in found]
    finally:
        scratch.close()


def _binds(given: list[str]) -> Row:
    out: Row = {}
    for bind in given:
        name, kind, value = [*bind.split(":", 2), "", ""][:3]
        out[name] = None if kind == "n" else value
    return out


@command("content")
def content(android: VirtualAndroid, args: list[str], stdin: bytes) -> Shell:
    """query, insert, update, delete with --uri, --projection, --where, --sort, --bind."""
    flags, _ = options(args[1:], "--uri", "--projection", "--where", "--sort", "--bind", "--user")
    verb, uri = (args[0] if args else ""), (flags.get("--uri") or [""])[0]
    where, order = (flags.get("--where") or [""])[0], (flags.get("--sort") or [""])[0]
    try:
        provider, _ = _find(uri)
        rows = _select(query(android, uri), where, order)
    except KeyError:
        return failed(f"Error while accessing provider: {uri}\nCould not find provider\n", 0)
    except sqlite3.Error as error:
        return failed(f"Error while accessing provider: {error}\n", 0)
    ids = [row["_id"] or "" for row in rows]
    if verb == "query":
        return _print(rows, (flags.get("--projection") or [""])[0])
    if verb == "insert" and provider.insert is not None:
        provider.insert(android, _binds(flags.get("--bind", [])))
    elif verb == "delete" and provider.delete is not None:
        provider.delete(android, ids)
    elif verb == "update" and provider.update is not None:
        provider.update(android, ids, _binds(flags.get("--bind", [])))
    else:
        return failed(f"[ERROR] Unsupported operation: {verb} {uri}\n")
    android.changed()
    return Shell()


def _print(rows: list[Row], projection: str) -> Shell:
    wanted = projection.split(":") if projection else []
    if not rows:
        return said("No result found.\n")
    if any(name not in rows[0] for name in wanted):
        return failed(
            f"Error while accessing provider\njava.lang.IllegalArgumentException: Invalid column {projection}\n",
            0,
        )
    out = ""
    for n, row in enumerate(rows):
        cells = ", ".join(f"{k}={'NULL' if row[k] is None else row[k]}" for k in wanted or row)
        out += f"Row: {n} {cells}\n"
    return said(out)
