"""The first gate, the same for every database: one statement, no comments, a read.

It reads tokens, not grammar. Each database has gates of its own behind it that do not depend on this one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from ...errors import SqlRefused

MAX_SQL = 20_000
_FIRST = frozenset({"SELECT", "WITH", "VALUES"})
_TOKEN = re.compile(
    r"""(?P<comment>--|/\*)
    |(?P<string>'(?:[^']|'')*')
    |(?P<quoted>"(?:[^"]|"")*"|`(?:[^`]|``)*`)
    |(?P<dollar>\$(?P<tag>[A-Za-z_]\w*|)\$.*?\$(?P=tag)\$)
    |(?P<word>[^\W\d]\w*)
    |(?P<number>\d[\w.]*)
    |(?P<space>\s+)
    |(?P<mark>.)""",
    re.VERBOSE | re.DOTALL,
)
# Words that write wherever they stand: a WITH can hide a DELETE, a SELECT can end in INTO. Few, since a column may
# have such a name; then it can be quoted.
_WRITES = frozenset(
    "ALTER ATTACH COPY CREATE DELETE DROP GRANT INSERT INTO MERGE PRAGMA TRUNCATE UPDATE VACUUM".split()
)


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement that passed.

    Attributes:
        sql: Without a trailing semicolon.
        functions: Names that a parenthesis follows, as written and in lower case; words such as `in` too.
    """

    sql: str
    functions: frozenset[str]


def check_statement(sql: str) -> Statement:
    """Pass one SELECT, WITH … SELECT or VALUES.

    Raises:
        SqlRefused: Empty, too long, several statements, a comment, a write or a command.
    """
    if len(sql) > MAX_SQL or "\x00" in sql:
        raise _refused(sql, f"has a zero byte or more than {MAX_SQL} characters", "Write a shorter one.")
    tokens = [(str(m.lastgroup), m[0]) for m in _TOKEN.finditer(sql) if m.lastgroup != "space"]
    while tokens and tokens[-1] == ("mark", ";"):
        tokens.pop()
    words = [text.upper() for kind, text in tokens if kind == "word"]
    if not tokens or (tokens[0][1] != "(" and (tokens[0][0] != "word" or words[0] not in _FIRST)):
        raise _refused(sql, "does not begin with SELECT or WITH", "Write one SELECT.")
    for (kind, text), (_, before) in zip(tokens, [("", ""), *tokens], strict=False):
        if kind == "comment":
            raise _refused(sql, "has a comment", "Remove it.")
        if text == ";":
            raise _refused(sql, "has more than one statement", "Write one SELECT.")
        if kind == "mark" and text in "'\"`":
            raise _refused(sql, "has an unclosed quote", "Close it.")
        if kind == "word" and text.upper() in _WRITES and before != ".":
            raise _refused(
                sql, f"has {text!r} in it", "Only reads run here; quote it if it is a column's name."
            )
    return Statement(sql.strip().rstrip(";").rstrip(), _functions(tokens))


def _functions(tokens: list[tuple[str, str]]) -> frozenset[str]:
    names: set[str] = set()
    for (kind, text), (_, after) in pairwise(tokens):
        if after == "(" and kind in ("word", "quoted"):
            name = text[1:-1] if kind == "quoted" else text
            names |= {name, name.lower()}
    return frozenset(names)


def quote_name(name: str) -> str:
    """An identifier in double quotes, whatever is in it.

    Raises:
        SqlRefused: It holds a zero byte, which no database takes.
    """
    if not name or "\x00" in name:
        raise SqlRefused(f"{name!r} is not a name.", mend="Take one from the list of tables.")
    return '"' + name.replace('"', '""') + '"'


def _refused(sql: str, why: str, mend: str) -> SqlRefused:
    return SqlRefused(f"The statement {why}: {' '.join(sql.split())[:200]!r}.", mend=mend)
