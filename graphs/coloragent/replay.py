"""A run as one HTML page: each step with its pictures, what was decided, who allowed it, what came of it, and the log.

The page needs no script and nothing from elsewhere. All texts in it are data: they were written by apps and strangers.
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable, Iterable, Mapping
from html import escape
from typing import Any

from ...tools.runs import Event, Run
from .report import ending
from .shared import action_words

Picture = Callable[[str], bytes | None]
_WIDE = 400  # pixels of a picture in the page
_AUDIT = (
    "phone.permitted", "phone.rejected", "phone.allowed", "phone.approval", "phone.denied", "phone.void",
    "phone.orders", "phone.step", "phone.asked", "phone.checked", "phone.finished", "steering.applied",
    "steering.rejected", "run.status",
)  # fmt: skip
_CSS = """
:root{color-scheme:light dark;--line:#8884;--soft:#8881;--ok:#187a3c;--bad:#b3261e;--warn:#8a5a00;--mark:#d4006a}
@media(prefers-color-scheme:dark){:root{--ok:#6fd394;--bad:#ff8a80;--warn:#f0b849;--mark:#ff5fae}}
body{font:16px/1.5 system-ui,"Noto Sans KR",sans-serif;max-width:64rem;margin:0 auto;padding:1.5rem 1rem 4rem}
h1{line-height:1.25;margin:.2rem 0}h2{margin:2.5rem 0 .5rem}.quiet{opacity:.75}.small{font-size:.875rem}
.step{display:grid;grid-template-columns:minmax(0,1fr) auto;gap:1rem 1.5rem;
border-top:1px solid var(--line);padding:1.25rem 0}
.step h3{margin:0 0 .4rem;font-size:1.05rem}.step p{margin:.3rem 0}
.pictures{display:flex;gap:.75rem}figure{margin:0}figcaption{text-align:center}
svg{display:block;width:11rem;height:auto;border:1px solid var(--line);border-radius:.6rem;background:var(--soft)}
rect.mark{fill:none;stroke:var(--mark);stroke-width:10}circle.mark{fill:var(--mark)}
.tag{display:inline-block;border:1px solid;border-radius:1rem;padding:0 .6rem;font-size:.8rem;margin-right:.3rem}
.ok{color:var(--ok)}.wrong,.refused,.deny{color:var(--bad)}.no_change,.uncertain,.ask{color:var(--warn)}
.thought{border-left:3px solid var(--line);padding-left:.7rem}
table{border-collapse:collapse;width:100%;font-size:.85rem}
td,th{text-align:left;vertical-align:top;padding:.25rem .6rem .25rem 0;
border-bottom:1px solid var(--line)}code{overflow-wrap:anywhere;font-size:.8rem}
@media(max-width:44rem){.step{grid-template-columns:1fr}svg{width:42vw}}
@media print{.step{break-inside:avoid}}
"""


def replay_html(run: Run, events: Iterable[Event], picture: Picture) -> str:
    """The page.

    Args:
        run: The run.
        events: All of its events, in order.
        picture: The PNG of a hash, or None where it was not kept.
    """
    steps: dict[int, dict[str, Any]] = {}
    facts: dict[str, Any] = {}
    audit: list[str] = []
    for event in events:
        _fold(event, steps, facts)
        if event.type in _AUDIT:
            audit.append(_audit_row(event))
    about = _about(run, facts)
    body = [f'<p class="quiet small">{escape(about)}</p><h1>{escape(run.question)}</h1>', _ended(facts)]
    body += [_step(n, steps[n], picture) for n in sorted(steps)]
    if not steps:
        body.append("<p>Nothing was done.</p>")
    rows = "".join(audit)
    body.append(
        "<h2>Audit log</h2><table><thead><tr><th>No.</th><th>When (UTC)</th><th>What</th><th>Facts</th></tr></thead>"
        f"<tbody>{rows}</tbody></table>"
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" '
        f'content="width=device-width,initial-scale=1"><title>{escape(run.question)} – replay</title>'
        f"<style>{_CSS}</style></head><body><main>{''.join(body)}</main></body></html>\n"
    )


def _fold(event: Event, steps: dict[int, dict[str, Any]], facts: dict[str, Any]) -> None:
    data = event.data
    for path, value in (data.get("state") or {}).items():
        if path.startswith("/phone/steps/") and value:
            steps.setdefault(int(value["n"]), {})["step"] = value
        elif path in ("/phone/device", "/phone/permissions", "/phone/answer"):
            facts[path.rpartition("/")[2]] = value
    if event.type in ("phone.approval", "phone.allowed", "phone.denied", "phone.void", "phone.orders"):
        steps.setdefault(int(data["n"]), {}).setdefault("judged", []).append((event.type, data))
    if event.type == "phone.step" and "images" in data:
        steps.setdefault(int(data["n"]), {})["images"] = data["images"]


def _about(run: Run, facts: Mapping[str, Any]) -> str:
    device = facts.get("device") or {}
    name = f"{device.get('model', '')} {device.get('serial', '')}".strip()
    virtual = "; a virtual phone: results are not results on Android" if device.get("virtual") else ""
    return f"Run {run.id}, {run.created[:16].replace('T', ' ')} UTC, {run.status}. {name}{virtual}"


def _ended(facts: Mapping[str, Any]) -> str:
    answer = facts.get("answer")
    if not answer:
        return "<p>The run has not ended.</p>"
    text = answer.get("text", "")
    said = f'<p class="thought">{escape(text)}</p>' if text else ""
    report = {"outcome": {name: answer.get(name, "") for name in ("reason", "doubt")}, "answer": text}
    return f"<p><b>{escape(ending(report))}</b></p>{said}"


def _step(n: int, entry: Mapping[str, Any], picture: Picture) -> str:
    step = entry.get("step")
    if step is None:  # it was asked about, or void, and no step came of it
        lines = "".join(_judged(kind, data) for kind, data in entry.get("judged", []))
        return f'<section class="step"><div><h3>{n}. (not done)</h3>{lines}</div></section>'
    verdict = str(step["verdict"])
    words = escape(action_words(step["action"], step["target"]))
    parts = [
        f"<h3>{n}. {words}</h3>",
        f'<p><span class="tag {escape(verdict)}">{escape(verdict.replace("_", " "))}</span>'
        f'<span class="quiet small">by {escape(step["evidence"])} · {escape(step["app"])}</span></p>',
    ]
    if step["thought"]:
        parts.append(f'<p class="thought">{escape(step["thought"])}</p>')
    if step["expect"]:
        parts.append(f'<p class="small">Expected: {escape(step["expect"])}</p>')
    if step["why"]:
        parts.append(f"<p>{escape(step['why'])}</p>")
    if step["classes"]:
        parts.append(f'<p class="small">It would: {escape(", ".join(step["classes"]))}</p>')
    parts += [_judged(kind, data) for kind, data in entry.get("judged", [])]
    before, after = entry.get("images") or [step["image"], ""]
    shown = _figure("before", before, picture, step["target"]) + _figure("after", after, picture, None)
    pictures = f'<div class="pictures">{shown}</div>' if shown else ""
    return f'<section class="step"><div>{"".join(parts)}</div>{pictures}</section>'


def _judged(kind: str, data: Mapping[str, Any]) -> str:
    match kind:
        case "phone.approval":
            feedback = f": {data['feedback']}" if data.get("feedback") else ""
            said = f"Asked ({data['rule']}); the user said {data['answer']}{feedback}"
            style = "ask"
        case "phone.allowed":
            said, style = f"Allowed by {data['rule']}", "ok"
        case "phone.denied":
            said, style = f"Denied by {data['rule']}: {data['why']}", "deny"
        case "phone.orders":
            said, style = "The screen gives orders: " + " | ".join(o["text"] for o in data["orders"]), "ask"
        case _:
            said, style = f"Void: {data['why']}", "ask"
    return f'<p class="small {style}">{escape(said)}</p>'


def _figure(name: str, sha: str, picture: Picture, target: Mapping[str, Any] | None) -> str:
    png = picture(sha) if sha else None
    if png is None:
        return ""
    width, height = int.from_bytes(png[16:20]), int.from_bytes(png[20:24])
    kind, data = _small(png)
    mark = ""
    if target is not None:
        left, top, right, bottom = (int(v) for v in target["bounds"])
        x, y = (int(v) for v in target["point"])
        mark = (
            f'<rect class="mark" x="{left}" y="{top}" width="{right - left}" height="{bottom - top}" rx="16"/>'
            f'<circle class="mark" cx="{x}" cy="{y}" r="22"/>'
        )
    link = f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
    return (
        f'<figure><svg viewBox="0 0 {width} {height}" role="img" aria-label="The screen {name} the step">'
        f'<image href="{link}" width="{width}" height="{height}"/>{mark}</svg>'
        f'<figcaption class="quiet small">{name}</figcaption></figure>'
    )


def _small(png: bytes) -> tuple[str, bytes]:
    """A picture as the page needs it; as it is where nothing here can draw."""
    try:
        from PIL import Image
    except ImportError:
        return "png", png
    with Image.open(io.BytesIO(png)) as opened:
        picture = opened.convert("RGB")
    picture.thumbnail((_WIDE, _WIDE * 4))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=82, optimize=True)
    return "jpeg", out.getvalue()


def _audit_row(event: Event) -> str:
    facts = {
        k: v
        for k, v in event.data.items()
        if k not in ("state", "interrupts") and v not in (None, "", [], {})
    }
    told = json.dumps(facts, ensure_ascii=False)
    at = str(event.at)[:19].replace("T", " ")
    return (
        f"<tr><td>{event.seq}</td><td>{escape(at)}</td><td>{escape(event.type)}</td>"
        f"<td><code>{escape(told[:1500])}</code></td></tr>"
    )
