"""What steering messages say for certain: patterns in English and Korean, clause by clause.

A pattern reads a *message*, never a todo item: a task that happens to contain "exclude" constrains nothing (the
original's defect D3).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from typing import Literal

from .operations import Operation, SourceKind

_DOMAIN = re.compile(r"(?<![\w@])(?:[a-z0-9-]+\.)+[a-z]{2,}\b", re.IGNORECASE)
_SOURCES: list[tuple[re.Pattern[str], SourceKind]] = [
    (
        re.compile(
            r"peer[- ]?review|academic|scholarly|scientific|journal|papers?\b|논문|학술|동료\s*심사", re.I
        ),
        "academic",
    ),
    (
        re.compile(
            r"\b(?:my|own|local|uploaded) (?:documents?|files?|sources?)|\bdocuments? only|내 (?:문서|파일)",
            re.I,
        ),
        "document",
    ),
    (re.compile(r"\b(?:github|code|repositor)", re.I), "code"),
    (re.compile(r"\bwikipedia|encyclop|위키", re.I), "encyclopedia"),
    (re.compile(r"\b(?:database|sql)\b|데이터베이스", re.I), "database"),
    (re.compile(r"\b(?:web|internet|websites?)\b|웹|인터넷", re.I), "web"),
]
_LANGUAGES = {
    "english": "en",
    "korean": "ko",
    "japanese": "ja",
    "chinese": "zh",
    "영어": "en",
    "한국어": "ko",
    "일본어": "ja",
    "중국어": "zh",
}
_SPLIT = re.compile(r"\s*(?:;|\n|(?<=[.!?。])\s+|,?\s+(?:and then|but also|but)\s+)\s*", re.IGNORECASE)
_POLITE = re.compile(
    r"^(?:please|pls|ok(?:ay)?|also,|now|hey|could you|can you|i(?:'d| would) like you to)[,\s]+",
    re.IGNORECASE,
)

_LONGEST = 600  # characters of a clause that is one order; the patterns take quadratic time in it

Unit = Literal["tokens", "usd", "minutes", "loops"]
Reader = Callable[[str, str], "Operation | None"]


def compile_by_rules(message: str, *, today: str) -> tuple[list[Operation], list[str]]:
    """Read a message clause by clause.

    Returns:
        The operations read for certain, and the clauses that no rule reads.
    """
    known: list[Operation] = []
    rest: list[str] = []
    for clause in _clauses(message):
        operation = None
        if len(clause) <= _LONGEST:
            with suppress(ValueError):  # a number, a date or a list that no operation may have
                operation = next((op for read in _READERS if (op := read(clause, today)) is not None), None)
        if operation is None:
            rest.append(clause)
        else:
            known.append(operation)
    return known, rest


def _clauses(message: str) -> list[str]:
    clauses: list[str] = []
    # One space for many: the patterns below go back over each run of spaces from each of its places.
    message = re.sub(r"\s*\n\s*", "\n", re.sub(r"[^\S\n]+", " ", message.strip()))
    for part in _SPLIT.split(message):
        part = part.strip().rstrip(".!。")
        while (shorter := _POLITE.sub("", part)) != part:
            part = shorter
        if part:
            clauses.append(part)
    return clauses


def _match(pattern: str, clause: str) -> re.Match[str] | None:
    return re.match(pattern, clause, re.IGNORECASE)


def _read_stop(clause: str, today: str) -> Operation | None:
    stop = _match(
        r"(?:stop|finish|wrap(?: it)? up|that'?s enough|enough)(?: (?:now|here|the research|researching|searching))*$"
        r"|(?:just )?write (?:the|your) report(?: now)?$"
        r"|(?:이제\s*)?(?:그만|중단|멈춰|마무리)\S*$|보고서(?:를)? (?:써|작성)\S*$",
        clause,
    )
    return Operation(kind="stop", text=clause) if stop else None


def _read_undo(clause: str, today: str) -> Operation | None:
    m = _match(
        r"(?:undo|withdraw|take back|revoke|lift)(?:\s+(?:rule |constraint |the )?(.*))?$|never ?mind$",
        clause,
    )
    if not m:
        m = _match(r"(c\d+)?\s*(?:을|를)?\s*(?:되돌려|실행 ?취소|철회)\S*$", clause)
    if not m:
        return None
    target = (m.group(1) or "").strip() if m.groups() else ""
    return Operation(
        kind="undo", text="" if target.lower() in ("", "that", "it", "last", "the last one") else target
    )


def _read_cancel(clause: str, today: str) -> Operation | None:
    m = _match(
        r"(?:cancel|remove|delete|drop)\s+(?:task|item|todo)\s*(t\d+)?(?:\s*(?:about|on|:)?\s*(.*))?$", clause
    )
    m = m or _match(r"(?:작업|항목)\s*(t\d+)\s*()(?:을|를)?\s*(?:취소|삭제)\S*$", clause)
    return Operation(kind="cancel_task", task_id=m.group(1), text=(m.group(2) or "").strip()) if m else None


def _read_budget(clause: str, today: str) -> Operation | None:
    m = re.search(
        r"(?:(?:budget|limit|cap|at most|no more than|up to|max(?:imum)?|spend)\D{0,24}?)"
        r"(\$)?\s*([\d,.]+)\s*(k|m)?\s*(tokens?|usd|dollars?|minutes?|mins?|loops?|rounds?)?(?:\b|$)",
        clause, re.IGNORECASE,
    ) or re.search(r"()([\d,.]+)()\s*(토큰|달러|분|회)\S*\s*(?:까지|이내|이하|한도|예산)", clause)  # fmt: skip
    if not m or not (m.group(1) or m.group(4)):
        return None
    amount = float(m.group(2).replace(",", "").rstrip(".") or 0) * {"k": 1e3, "m": 1e6}.get(
        (m.group(3) or "").lower(), 1
    )
    word = (m.group(4) or "usd").lower()
    unit: Unit = next(u for keys, u in _UNITS if word.startswith(keys))
    return Operation(kind="budget", amount=amount, unit=unit, text=clause) if amount > 0 else None


_UNITS: list[tuple[tuple[str, ...], Unit]] = [
    (("token", "토큰"), "tokens"),
    (("usd", "dollar", "달러"), "usd"),
    (("min", "분"), "minutes"),
    (("loop", "round", "회"), "loops"),
]


def _read_style(clause: str, today: str) -> Operation | None:
    low = clause.lower()
    m = re.search(r"\b(?:in|to) (english|korean|japanese|chinese)\b", low) or re.search(
        r"(한국어|영어|일본어|중국어)로", low
    )
    writes = re.search(r"\b(?:write|answer|report|respond|translate|reply)\b|쓰|작성|답|써", low)
    if m and (writes or len(clause.split()) <= 3):
        return Operation(kind="style", language=_LANGUAGES[m.group(1)], text=clause)  # type: ignore[arg-type]
    words = re.search(
        r"(?:max(?:imum)?|under|at most|no more than|within|about|up to)\s*([\d,]+)\s*words|([\d,]+)\s*단어",
        low,
    )
    if words:
        return Operation(
            kind="style", max_words=int((words.group(1) or words.group(2)).replace(",", "")), text=clause
        )
    shape = (
        r"^(?:keep|make) (?:it|the report|this) |짧게|간단히|간결|쉽게|자세히"
        r"|\b(?:bullet points?|(?:plain|simple) language|shorter|more concise|for (?:executives|beginners|experts))\b"
    )
    return Operation(kind="style", text=clause) if re.search(shape, low) else None


def _read_time(clause: str, today: str) -> Operation | None:
    year = date.fromisoformat(today).year
    low = clause.lower()
    if m := re.search(
        r"(?:last|past|recent)\s+(\d{1,2}|two|three|four|five|ten)?\s*(years?|months?)\b", low
    ) or re.search(r"최근\s*(\d{1,2})\s*(년|개월)", low):
        count = {"two": 2, "three": 3, "four": 4, "five": 5, "ten": 10}.get(m.group(1) or "1") or int(
            m.group(1) or 1
        )
        return Operation(kind="time_window", date_from=_back(today, count, m.group(2)), text=clause)
    if m := re.search(
        r"(?:between|from)\s+((?:19|20)\d\d)\s*(?:and|to|-|until|through)\s*((?:19|20)\d\d)", low
    ):
        return Operation(
            kind="time_window", date_from=f"{m.group(1)}-01-01", date_to=f"{m.group(2)}-12-31", text=clause
        )
    if m := re.search(r"\b(since|after|from|before|until|up to)\s+((?:19|20)\d\d)(-\d\d-\d\d)?\b", low):
        return _edge(m.group(1), int(m.group(2)), m.group(3), clause)
    if m := re.search(r"((?:19|20)\d\d)년\s*(이후|부터|이전|까지)", low):
        return _edge(
            {"이후": "since", "부터": "since", "이전": "before", "까지": "until"}[m.group(2)],
            int(m.group(1)),
            None,
            clause,
        )
    if re.fullmatch(r"(?:only )?this year(?: only)?|올해만?", low):
        return Operation(kind="time_window", date_from=f"{year}-01-01", text=clause)
    return None


def _edge(word: str, year: int, rest: str | None, clause: str) -> Operation:
    if word in ("since", "from"):
        return Operation(kind="time_window", date_from=f"{year}{rest or '-01-01'}", text=clause)
    if word == "after":
        return Operation(
            kind="time_window", date_from=f"{year}{rest}" if rest else f"{year + 1}-01-01", text=clause
        )
    if word == "before":
        return Operation(
            kind="time_window", date_to=f"{year}{rest}" if rest else f"{year - 1}-12-31", text=clause
        )
    return Operation(kind="time_window", date_to=f"{year}{rest or '-12-31'}", text=clause)


def _back(today: str, count: int, unit: str) -> str:
    day = date.fromisoformat(today)
    months = count * (1 if unit.startswith(("month", "개월")) else 12)
    total = day.year * 12 + day.month - 1 - months
    return f"{total // 12:04d}-{total % 12 + 1:02d}-{min(day.day, 28):02d}"


def _read_sources(clause: str, today: str) -> Operation | None:
    domains = [d.lower() for d in _DOMAIN.findall(clause)]
    denies = _match(
        r"(?:exclude|ignore|skip|avoid|omit|no|don'?t use|do not use|drop|without)\b", clause
    ) or re.search(r"제외|빼", clause)
    only = re.search(
        r"\bonly\b|\b(?:use|focus on|prefer|restrict to|limit to|stick to)\b|만\b|만\s", clause, re.IGNORECASE
    )
    if domains and denies:
        return Operation(kind="source_policy", domains_deny=domains, text=clause)
    if domains and only:
        return Operation(kind="source_policy", domains_allow=domains, text=clause)
    if (
        not only
        or denies
        or not re.search(
            r"sources?|papers?|stud(?:y|ies)|articles?|documents?|files?|web|wikipedia|github|literature|research$|자료|출처|논문|문서",
            clause,
            re.I,
        )
    ):
        return None
    types: list[SourceKind] = list(
        dict.fromkeys(kind for pattern, kind in _SOURCES if pattern.search(clause))
    )
    return Operation(kind="source_policy", source_types=types, text=clause) if types else None


def _read_exclude(clause: str, today: str) -> Operation | None:
    m = _match(
        r"(?:exclude|ignore|skip|leave out|omit|avoid|drop|no more|without"
        r"|(?:don'?t|do not) (?:include|cover|look at|research|search)(?: for| into)?"
        r"|stop (?:searching|researching|looking)(?: for| into| at)?)\s+(.+)$",
        clause,
    ) or _match(r"(.+?)(?:은|는|을|를)?\s*(?:제외|빼|다루지)\S*(?:\s\S+)?$", clause)
    return Operation(kind="exclude", text=_bare(m.group(1))) if m else None


def _read_prioritize(clause: str, today: str) -> Operation | None:
    m = _match(
        r"(?:prioriti[sz]e|start with|begin with|first,? (?:do|look at|cover))\s+(.+)$|(.+?)\s+first$", clause
    )
    m = m or _match(r"(.+?)(?:을|를|부터)?()\s*(?:우선|먼저|부터)\S*(?:\s\S+)?$", clause)
    return Operation(kind="prioritize", text=_bare(m.group(1) or m.group(2))) if m else None


def _read_focus(clause: str, today: str) -> Operation | None:
    m = _match(
        r"(?:focus|concentrate|zoom in)\s*(?:only|mainly|more|specifically|just)?\s*(?:on|in on)?\s+(.+)$|only\s+(.+)$",
        clause,
    )
    m = m or _match(r"(.+?)(?:에|에만|을|를)?()\s*(?:집중|초점|위주)\S*(?:\s\S+)?$", clause)
    return Operation(kind="focus", text=_bare(m.group(1) or m.group(2))) if m else None


def _read_add(clause: str, today: str) -> Operation | None:
    m = _match(
        r"(?:also|add|include|research|investigate|check|find(?: out)?|look (?:at|into|up)|what about|how about|cover)"
        r"(?:\s+(?:also|a task(?: (?:on|about|for))?|look (?:at|into)|research|check|cover|find))*[:\s]\s*(.+)$",
        clause,
    ) or _match(
        r"(.+?)(?:도|에 대해(?:서)?(?:도)?|을|를)?\s*(?:추가|조사|알아봐|찾아|확인)\S*(?:\s\S+)?$", clause
    )
    return Operation(kind="add_task", text=m.group(1).strip()[:300]) if m else None


def _bare(text: str) -> str:
    text = re.sub(
        r"^(?:anything|everything|information|details|results|sources|content)?\s*(?:about|on|regarding|related to)\s+",
        "",
        text.strip(),
        flags=re.I,
    )
    return re.sub(r"\s+(?:only|please|for now|from now on|entirely|completely)$", "", text, flags=re.I)[:300]


# The order decides: a clause is what the first reader says it is.
_READERS: list[Reader] = [
    _read_stop, _read_undo, _read_cancel, _read_budget, _read_sources, _read_style, _read_time, _read_exclude,
    _read_prioritize, _read_focus, _read_add,
]  # fmt: skip
