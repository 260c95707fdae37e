"""What may be done to a phone: rules over what an action does and where, outside the model.

A model that was talked into paying is also talked into not asking, so nothing here reads what a model says.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from ...errors import ConfigError, PhoneError
from .tree import Tree
from .words import ActionClass, classes_of

Verdict = Literal["allow", "ask", "deny"]
CLASSES: tuple[ActionClass, ...] = get_args(ActionClass)
_RANK: dict[Verdict, int] = {"allow": 0, "ask": 1, "deny": 2}

DEFAULT: dict[ActionClass, Verdict] = {
    "pay": "ask",
    "send": "ask",
    "delete": "ask",
    "install": "ask",
    "uninstall": "deny",
    "grant": "ask",
    "share": "ask",
    "call": "ask",
    "reset": "deny",
    "login": "ask",
    "account": "ask",
}
# Parts of the system that stand between apps: what they do is judged by class, being there is no leaving.
_BETWEEN = re.compile(
    r"launcher|systemui|^android$|permissioncontroller|intentresolver|packageinstaller|inputmethod|keyboard|\.ime$"
)


class Rule(BaseModel):
    """A user's rule; the first that fits an action class decides about it.

    Attributes:
        decision: What happens.
        classes: The classes it is about; empty: all, and leaving the permitted apps too.
        packages: Apps, as package names in which `*` stands for anything; empty: all.
        contains: Words that the control must have.
        why: What the page shows.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    decision: Verdict
    classes: list[ActionClass] = []
    packages: list[str] = Field(default=[], max_length=200)
    contains: str = Field(default="", max_length=200)
    why: str = Field(default="", max_length=300)

    def fits(self, name: ActionClass | None, package: str, words: str) -> bool:
        """Whether it is about a class (None: leaving) in an app on a control with these words."""
        return (
            (not self.classes or name in self.classes)
            and (not self.packages or any(fnmatchcase(package, p) for p in self.packages))
            and self.contains.lower() in words.lower()
        )


@dataclass(frozen=True, slots=True)
class Anomaly:
    """A text on the screen that gives orders which the user did not.

    Attributes:
        text: The words, shortened.
        id: A digest of them: what a person has seen once need not be shown again.
    """

    text: str
    id: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is to happen with an action.

    Attributes:
        decision: allow, ask or deny.
        rule: Which rule decided: `default:pay`, `rule:2`, `leave`, `anomaly`, `permitted`, `none`.
        why: For people.
    """

    decision: Verdict
    rule: str
    why: str


class SafetyPolicy:
    """Decides about actions.

    Args:
        rules: The user's, tried in order before the default table.
    """

    def __init__(self, rules: Sequence[Rule] = ()) -> None:
        self.rules = tuple(rules)

    @classmethod
    def parse(cls, text: str) -> SafetyPolicy:
        """Rules as JSON: a list of objects with `decision` and, if wanted, `classes`, `packages`, `contains`, `why`.

        Raises:
            ConfigError: It is no such list.
        """
        try:
            return cls(TypeAdapter(list[Rule]).validate_json(text))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"])) or "the list"
            raise ConfigError(
                f"The phone's rules cannot be read: {where}: {first['msg']}.",
                mend='Write for example [{"decision": "allow", "classes": ["send"], "packages": ["com.chat*"]}].',
            ) from error

    def judge(
        self,
        classes: Collection[ActionClass],
        package: str,
        *,
        words: str = "",
        permitted: Collection[str] = (),
        preapproved: Collection[ActionClass] = (),
        anomalies: Sequence[Anomaly] = (),
    ) -> Judgement:
        """What is to happen with an action.

        Args:
            classes: What it does, from `classify_action`.
            package: The app that it is done in, or that it opens.
            words: What the control is called.
            permitted: The apps that the task may use; empty: all.
            preapproved: Classes that the user agreed to when the task began.
            anomalies: Orders on the screen that nobody has looked at. They make every allowance a question.
        """
        found = [self._of_class(name, package, words, preapproved) for name in sorted(classes)]
        if permitted and package and package not in permitted and not _BETWEEN.search(package):
            found.append(self._leaving(package, words))
        if anomalies:
            said = anomalies[0].text
            found.append(
                Judgement("ask", "anomaly", f"The screen gives orders that are not in your task: “{said}”")
            )
        if not found:
            return Judgement("allow", "none", "")
        return max(found, key=lambda judgement: _RANK[judgement.decision])

    def _of_class(
        self, name: ActionClass, package: str, words: str, preapproved: Collection[ActionClass]
    ) -> Judgement:
        for number, rule in enumerate(self.rules, 1):
            if rule.fits(name, package, words):
                return Judgement(rule.decision, f"rule:{number}", rule.why or f"Your rule {number} says so.")
        decision = DEFAULT[name]
        if decision == "ask" and name in preapproved:
            return Judgement("allow", "permitted", f"You agreed to {name} for this task.")
        return Judgement(decision, f"default:{name}", f"This would {_SAYS[name]}.")

    def _leaving(self, package: str, words: str) -> Judgement:
        for number, rule in enumerate(self.rules, 1):
            if rule.fits(None, package, words) and not rule.classes:
                return Judgement(rule.decision, f"rule:{number}", rule.why or f"Your rule {number} says so.")
        return Judgement("ask", "leave", f"The task was not given the app {package}.")


_SAYS: dict[ActionClass, str] = {
    "pay": "pay or order something",
    "send": "send something to somebody",
    "delete": "delete something",
    "install": "install an app",
    "uninstall": "remove an app",
    "grant": "give an app a permission",
    "share": "share something",
    "call": "call somebody",
    "reset": "reset the phone or its settings",
    "login": "log in with a password",
    "account": "change an account",
}

# Orders to an assistant: that it is addressed, or that it is told to forget, obey or hide something.
_ORDERS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\b(?:ignore|disregard|forget|override)\b[^.\n]{0,40}\b(?:previous|prior|above|earlier|all|your|other)\b[^.\n]{0,30}"
        r"\b(?:instructions?|prompts?|rules|orders|tasks?|goals?|commands?)\b",
        r"^\W*(?:system|system (?:message|prompt|notice|override)|admin|developer|assistant)\s*[:>\]]",
        r"\b(?:new|updated|real|actual|important) (?:instructions?|task|goal|order)s?\s*"
        r"(?:for (?:the )?(?:assistant|agent|ai))?\s*:",
        r"\b(?:ai|phone|virtual|mobile|gui|voice)[ -]?(?:assistant|agent|model)s?\b[^.\n]{0,60}"
        r"\b(?:must|should|please|now|need to|are (?:to|required))\b",
        r"\b(?:assistant|agent|chatgpt|claude|gemini|llm|bot)\s*[,:!]\s*(?:please |you must |now |immediately )*"
        r"(?:send|pay|transfer|open|click|tap|press|delete|install|call|share|forward|type|enter|go|allow|buy|reply|approve)\b",
        r"\b(?:if|when) you are (?:an? )?(?:ai|llm|assistant|agent|bot|automated)\b",
        r"\b(?:do not|don't|never) (?:tell|inform|ask|alert|notify) (?:the )?(?:user|owner|human)\b",
        r"\bas (?:the|an?) (?:ai|assistant|agent)[^.\n]{0,30}\b(?:you (?:must|should|have to|need to))\b",
        r"(?:이전|위의?|앞의?|기존)[^.\n]{0,12}(?:지시|명령|지침|프롬프트|규칙)[^.\n]{0,12}(?:무시|잊)",
        r"^\W*(?:시스템|관리자|어시스턴트)(?: 메시지| 알림)?\s*:",
        r"(?:AI|에이아이|인공지능|어시스턴트|비서|에이전트)(?:야|는|님|에게|,)?[^.\n]{0,30}"
        r"(?:하세요|하십시오|해라|해야 합니다|눌러|보내|송금|결제)",
        r"사용자에게 (?:알리지|묻지|말하지)",
    )
)


def gives_orders(text: str) -> bool:
    """Whether a text orders an assistant about."""
    return any(pattern.search(text) for pattern in _ORDERS)


def find_orders(tree: Tree, goal: str) -> list[Anomaly]:
    """Texts on the screen that order an assistant about, unless the user's goal contains them.

    Args:
        tree: The screen.
        goal: What the user asked, with later corrections.
    """
    texts = dict.fromkeys(
        " ".join(t.split()) for n in tree.walk() if not n.password for t in (n.text, n.description) if t
    )
    wanted = " ".join(goal.lower().split())
    return [
        Anomaly(text[:200], hashlib.sha256(text.encode(errors="replace")).hexdigest()[:16])
        for text in texts
        if gives_orders(text) and text.lower() not in wanted
    ]


def foreseen_classes(goal: str) -> list[ActionClass]:
    """What a task in these words will probably need consent for: shown before it begins."""
    clauses = re.split(r"[,.;]|\band\b|\bthen\b|그리고|한 다음|하고", goal.lower())
    found = set[ActionClass]()
    for clause in clauses:
        found |= classes_of(re.sub(r"^\W*(?:please |can you |could you )", "", clause.strip()), open_too=True)
        found |= {name for name, pattern in _WISHES.items() if re.search(pattern, clause)}
    return [name for name in CLASSES if name in found]


_WISHES: dict[ActionClass, str] = {
    "pay": r"\b(?:buy|pay|order|purchase|transfer)\b|결제|구매|주문|송금|이체",
    "send": r"\b(?:send|text|reply|message|e-?mail|post)\b.*\b(?:to|that|saying)\b|보내|전송|답장",
    "delete": r"\b(?:delete|remove|erase)\b|삭제|지워|지우",
    "install": r"(?<!un)\binstall\b|설치",
    "uninstall": r"\buninstall\b|앱.*제거",
    "share": r"\bshare\b|공유",
    "call": r"^\W*(?:call|dial|phone)\b|전화(?:해| 걸)",
    "login": r"\b(?:log|sign) ?in\b|로그인",
}

_SECRET = re.compile(r"\{\{\s*secret:([A-Za-z][A-Za-z0-9_.-]{0,63})\s*\}\}")


def fill_secrets(text: str, secret: Callable[[str], str | None]) -> str:
    """Typed text with its secrets put in; done at the port alone, so that no model, log or page sees one.

    Raises:
        PhoneError: There is no secret of that name.
    """

    def value(match: re.Match[str]) -> str:
        found = secret(match[1])
        if found is None:
            raise PhoneError(
                f"There is no secret {match[1]!r}.", mend="Give it to the run, or type it yourself."
            )
        return found

    return _SECRET.sub(value, text)


def secret_names(text: str) -> list[str]:
    """The names of the secrets that a text would be filled with."""
    return list(dict.fromkeys(_SECRET.findall(text)))


def hide_secrets(text: str, values: Iterable[tuple[str, str]]) -> str:
    """A text from the screen with secrets that it shows taken out again: (name, value) pairs."""
    for name, value in values:
        if len(value) >= 4:
            text = text.replace(value, f"{{{{secret:{name}}}}}")
    return text
