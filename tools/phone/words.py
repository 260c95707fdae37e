"""The words by which a control says what it does, in English and Korean.

`BARE` are whole labels that are a command wherever they stand; `OPEN` are labels with an object ("Delete 3 photos") that
count on buttons, menu items and dialogs, not on rows of a list, which are mostly content; `SAID` is what a dialog's own
text says about its positive button. Labels are compared in lower case, without punctuation at their ends.
"""

# ruff: noqa: E501  (tables of words)
from __future__ import annotations

import re
from typing import Literal

ActionClass = Literal[
    "pay", "send", "delete", "install", "uninstall", "grant", "share", "call", "reset", "login", "account"
]

_MONEY = r"[$€£¥₩]|\b(?:usd|eur|gbp|krw|won|dollars?|euros?)\b|\d\s?원"
_THINGS = (
    r"(?:this |these |the |all |selected |my |your |\d+ )*"
    r"(?:conversations?|messages?|threads?|chats?|contacts?|notes?|events?|alarms?|files?|folders?|photos?|images?|videos?"
    r"|items?|e-?mails?|drafts?|history|data|cache|storage|everything|all|entr(?:y|ies)|lists?|tasks?|recordings?"
    r"|permanently|forever|from (?:device|phone|cart|list)|it)"
)

BARE: dict[ActionClass, str] = {
    "pay": r"(?:pay|buy|purchase|order)(?: now)?|buy it now|buy with .*|(?:pay|checkout) (?:with|by|using) .*"
    r"|(?:place|confirm|complete|submit|finish) (?:your |the |my )?(?:order|purchase|payment|booking|transfer|checkout)"
    r"|(?:pay|buy|order|donate|transfer|subscribe|send|top[ -]?up|withdraw|confirm)\b.*(?:" + _MONEY + r").*"
    r"|transfer(?: now| money| funds)?|send money|donate(?: now)?|start (?:your |my )?(?:free )?trial|subscribe now"
    r"|one-?click (?:order(?:ing)?|buy(?:ing)?|payments?)"
    r"|결제|결제하기|(?:바로 ?)?구매(?:하기)?|주문(?:하기)?|송금(?:하기)?|이체(?:하기)?|충전하기|구독하기|후원하기"
    r"|.*\d원.*(?:결제|송금|이체|주문|구매)(?:하기)?|.*(?:으로|로) 결제(?:하기)?|(?:결제|구매|주문) ?(?:완료|확정)하기",
    "send": r"send|re-?send|send (?:now|message|text|sms|mms|e-?mail|mail|it|all|anyway|reply|invitations?|request|file"
    r"|photo|image|report|sms message|text message)|schedule send|reply all and send|post|publish|tweet|submit"
    r"|post (?:comment|now|reply)|submit (?:form|answer|review|request|application)"
    r"|(?:메시지|문자|메일|이메일|답장|사진|파일|지금|모두)? ?(?:보내기|전송(?:하기)?|발송(?:하기)?)"
    r"|게시(?:하기)?|제출(?:하기)?|댓글 등록",
    "delete": r"(?:delete|remove|erase|discard|wipe|purge)(?: " + _THINGS + r")?|trash (?:it|this|all)"
    r"|clear (?:all|data|all data|history|all history|cache|storage|list|conversation|chat|log|call log|call history"
    r"|browsing data|everything)|move to (?:the )?(?:trash|bin|recycle bin)|empty (?:the )?(?:trash|bin|recycle bin"
    r"|folder|cart)(?: now)?|(?:delete|discard) (?:draft|changes)|delete for (?:me|everyone)"
    r"|(?:영구|전체|모두|완전히|선택|선택한)? ?(?:삭제|삭제하기)|휴지통으로 이동|휴지통 비우기|비우기"
    r"|(?:모두|전체|기록|데이터|캐시|대화) ?(?:지우기|삭제)|버리기"
    r"|(?:메시지|대화|연락처|사진|일정|알람|파일|메모|항목|메일|통화 기록)(?:를|을)? ?삭제(?:하기)?",
    "install": r"(?:re)?install(?: now| app| anyway| update)?|download and install|설치(?:하기)?|앱 설치|다시 설치",
    "uninstall": r"uninstall(?: app| updates?| for all users)?|(?:remove|delete) app|앱 ?(?:제거|삭제)|설치 (?:삭제|제거)",
    "grant": r"allow|allow (?:all the time|only while using the app|all|access|anyway|this time|permission|limited access"
    r"|full access|all files access|from this source)|always allow|grant(?: access| permission)?"
    r"|activate(?: this device admin app)?|while using the app|only this time"
    r"|허용|항상 허용|모두 허용|(?:앱|앱을) 사용(?: 중에만| 중일 때만)(?: 허용)?|이번만(?: 허용)?|권한 (?:허용|부여)",
    "share": r"share|share (?:now|link|file|photo|image|contact|location|my location|live location|screen|via .*)"
    r"|(?:nearby|quick) share|send a copy|make public|공유|공유하기|(?:링크|위치|파일|사진|연락처) 공유(?:하기)?",
    "call": r"call(?: now| back| again| anyway)?|dial|redial|(?:start |make |place )?(?:a )?(?:video|voice|audio|phone"
    r"|emergency) call|(?:make|place|start) (?:a )?call|call (?:mobile|home|work|phone|via .*)|call [+\d][\d ()-]*"
    r"|(?:전화|통화) ?(?:걸기|하기)|통화|전화하기|(?:영상|음성|긴급) ?통화(?: 걸기|하기)?|다시 걸기|.*에게 전화(?: 걸기)?",
    "reset": r"reset|(?:perform |do )?(?:a )?factory (?:data )?reset|reset (?:phone|device|tablet|all|everything"
    r"|settings|all settings|network settings|to (?:factory )?defaults?)|erase (?:all data|everything|phone|device)"
    r"(?: \(factory reset\))?|restore (?:factory )?defaults?|wipe (?:phone|device|all data)"
    r"|초기화(?:하기)?|(?:공장|기기|휴대전화|디바이스|전체|설정|모든 설정|네트워크 설정) ?(?:전체 )?초기화(?:하기)?|모든 데이터 (?:삭제|초기화)"
    r"|공장 출하 ?(?:상태|값)(?:으로|로) (?:복원|초기화)",
    "login": r"(?:log|sign) ?in(?: now| with .*| to .*| as .*)?|continue (?:with|as) (?:google|facebook|apple|kakao|naver"
    r"|.*@.*)|authenticate|verify (?:identity|it'?s you|password|code)"
    r"|로그인(?:하기)?|.*(?:로|으로) 로그인(?:하기)?|.*계정으로 계속(?:하기)?|본인 ?인증(?:하기)?|인증하기",
    "account": r"(?:create|add|remove|delete|switch|close|deactivate) (?:an |a |your |my |the |new |another )*account"
    r"|sign ?up(?: now| free)?|register|join now|(?:log|sign) ?out(?: of .*)?"
    r"|(?:change|update|reset|set) (?:your |my )?(?:password|pin|passcode)"
    r"|회원 ?가입(?:하기)?|가입하기|계정 ?(?:만들기|추가|삭제|제거|전환)|로그아웃(?:하기)?|(?:회원 ?)?탈퇴(?:하기)?|비밀번호 ?(?:변경|재설정)(?:하기)?",
}

OPEN: dict[ActionClass, str] = {
    "pay": r"(?:pay|buy|purchase) .*|(?:결제|구매|주문) 진행(?:하기)?",
    "send": r"send .*|post .*|.*(?:에게|께) (?:보내기|전송)",
    "delete": r"(?:delete|remove|erase|discard|wipe) .*|.*(?:을|를)? ?(?:삭제|지우기)",
    "install": r"install .*|.* 설치",
    "uninstall": r"uninstall .*|.* 제거",
    "grant": r"allow .*|grant .*|trust .*|.* 허용",
    "share": r"share .*|export .*|.* (?:공유|내보내기)(?:하기)?",
    "call": r"(?:video )?(?:call|dial) .*|.* (?:전화|통화) 걸기",
    "reset": r"(?:factory )?reset .*|erase all .*|.* 초기화",
    "login": r"(?:log|sign) in .*",
    "account": r"(?:add|remove|delete) .* account",
}

SAID: dict[ActionClass, str] = {
    "pay": r"\b(?:pay(?:ment)?|purchase|buy|charged?|place (?:the |your |this )?order|transfer)\b.*|결제|구매|주문|송금|이체",
    "send": r"\bsend\b|\bpost (?:this|it)\b|\bsubmit\b|보내시겠|보낼까요|전송(?:할까|하시겠)|발송",
    "delete": r"\b(?:delet(?:e|ed|ing)|remove|erase|discard|move to (?:trash|bin)|clear (?:all|data|history)|permanently)\b"
    r"|삭제|지우시겠|지울까요|휴지통|버리시겠",
    "install": r"(?<!un)\binstall\b|설치(?:하시겠|할까)",
    "uninstall": r"\buninstall\b|앱을 (?:삭제|제거)|제거(?:하시겠|할까)",
    "grant": r"\ballow\b|\bpermission\b|\baccess (?:to )?(?:your|this device)|device admin|허용(?:하시겠|할까)|권한|접근",
    "share": r"\bshare\b|\bexport\b|공유(?:하시겠|할까)|내보내",
    "call": r"\bcall\b(?! (?:log|history|settings))|\bdial\b|전화를? (?:거시겠|걸까)|통화(?:하시겠|할까)",
    "reset": r"\bfactory\b|\breset\b(?! (?:password|pin))|\berase all\b|초기화",
    "login": r"\b(?:sign|log) in\b|로그인",
    "account": r"\b(?:create|add|remove|delete) (?:an |a |your |the |this )*account\b|계정(?:을|을 )? ?(?:추가|삭제|제거|만드)|탈퇴|로그아웃",
}

YES = re.compile(
    r"ok(?:ay)?|yes(?:,.*)?|confirm|continue|proceed|agree|i agree|accept|agree and .*|got it|do it|확인|예|네|계속(?:하기)?"
    r"|동의(?:하기|함)?|승인|진행(?:하기)?|수락"
)
NO = re.compile(
    r"cancel|no(?:,.*)?|not now|do(?:n['’]?t| not) .*|deny|decline|dismiss|close|back|go back|later|keep.*|skip|undo|never"
    r"|취소(?:하기)?|아니요|아니오|거부|거절|닫기|나중에.*|건너뛰기|허용 ?안 ?함|허용하지 않음|뒤로|유지|실행 ?취소"
)
# Labels that begin like a command and only lead to a page, or that do something harmless.
LEADS_ON = re.compile(
    r"(?!reset (?:all |network )?settings).*\b(?:settings?|options|preferences|help|policy|guide|tips|methods?|shortcuts?|confirmations?|and sync)"
    r"|.*(?:설정|내역|옵션|수단|안내|도움말|방법|관리|보관함|편지함|문서함|목록|항목|기록)"
    r"|(?:clear|delete|erase|remove) (?:text|search|query|input|field|selection|filters?|formatting|recent searches)"
    r"|remove from (?:favou?rites|starred|home screen)|(?:검색어|입력|입력 내용|텍스트|필터) (?:지우기|삭제)"
    r"|reset (?:zoom|timer|stopwatch|filters?|view|layout|form|search|game|score|lap)"
    r"|(?:확대|타이머|스톱워치|필터|검색) 초기화|send (?:feedback|later)|post notifications?|install unknown apps"
    r"|share (?:price|index)|call (?:log|history|settings|forwarding|waiting|blocking|barring|recording|details|list|screen"
    r"|center|centre|volume)|order (?:history|status|details|by|tracking)|buy again|pay (?:history|later info)"
    r"|allow list|allowed .*|(?:모두 )?읽음 처리"
)


def classes_of(label: str, *, open_too: bool) -> set[ActionClass]:
    """The classes whose commands a label is; `open_too` reads labels with an object as well."""
    text = normal(label)
    if not text or len(text) > 80 or NO.fullmatch(text) or LEADS_ON.fullmatch(text):
        return set()
    found: set[ActionClass] = {name for name, pattern in _BARE.items() if pattern.fullmatch(text)}
    if not found and open_too:
        found = {name for name, pattern in _OPEN.items() if pattern.fullmatch(text)}
        if "uninstall" in found or "install" in found:
            found -= {"delete"}
    if "reset" in found:
        found -= {"delete"}
    return {"pay"} if "pay" in found and "send" in found else found


def classes_said(text: str) -> set[ActionClass]:
    """The classes that a dialog's own text speaks of: what it quotes is a name, unless nothing else says what it does."""
    text = " ".join(text.lower().split())[:300]
    found: set[ActionClass] = set()
    for said in (_QUOTED.sub("", text), text):
        found = found or {name for name, pattern in _SAID.items() if pattern.search(said)}
    return found - {"delete"} if found & {"reset", "uninstall"} else found


def normal(label: str) -> str:
    """A label as it is compared."""
    return " ".join(label.lower().replace("’", "'").split()).strip(" .!?…:›>→▸,-\u200e\u200f")


_QUOTED = re.compile(r"“[^”]*”|\"[^\"]*\"|(?<!\w)'[^']*'(?!\w)|«[^»]*»|「[^」]*」")
_BARE: dict[ActionClass, re.Pattern[str]] = {name: re.compile(pattern) for name, pattern in BARE.items()}
_OPEN: dict[ActionClass, re.Pattern[str]] = {name: re.compile(pattern) for name, pattern in OPEN.items()}
_SAID: dict[ActionClass, re.Pattern[str]] = {
    name: re.compile(pattern, re.IGNORECASE) for name, pattern in SAID.items()
}
