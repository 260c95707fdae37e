"""The phone loop against ColorAgent's own `HierarchicalAgent`: model calls and tokens for a task done.

Both play the same tasks on the same virtual Android (not Android: no number here is an AndroidWorld number) and ask the
same model, a scripted one behind a real OpenAI-protocol server. It knows each task's oracle and the true screen, so it
always answers right, in the action space of who asks (ours types into a named field, the peer taps it first): what is
counted is what the two loops ask for, not how well a model does. Reflectors get honest
answers. Text tokens are characters by four, reply included; a picture costs (h/28)(w/28) tokens after Qwen's
`smart_resize` on both sides. The peer drives the device through adb, ours in process.

    python benchmarks/peer_phone.py --repo CHECKOUT_OF_MadeAgents/mobile-use --python ITS_PYTHON [--templates 24]
"""

from __future__ import annotations

import argparse
import base64
import io
import json
import re
import subprocess
import threading
from collections import Counter
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from _common import shown, write_result

from tenfold.agents.coloragent import ModelPolicy
from tenfold.durable import MemoryLedger
from tenfold.evals.phone import Oracle, Task, Template, all_templates, play_with, run_task
from tenfold.models import Budget, ModelCaller, open_model
from tenfold.settings import BudgetLimits, Settings
from tenfold.tools.android import InProcessDevice, VirtualAndroid, serve
from tenfold.tools.phone import Action, Observation, locate, settle, smart_resize

MAX_PIXELS = 16_384 * 28 * 28  # the peer's limit, for both sides


@dataclass
class Session:
    """One task that is being played: what the scripted model knows, and what it was asked."""

    task: Task
    android: VirtualAndroid
    oracle: Oracle
    calls: Counter[str] = field(default_factory=Counter)
    tokens: Counter[str] = field(default_factory=Counter)
    answer: str = ""
    before: Observation | None = None

    def act(self) -> tuple[Action, Observation]:
        seen = settle(InProcessDevice(self.android), screenshot=False, after=self.before).observation
        self.before = seen
        action = self.oracle.next(seen)
        if action.kind == "answer":
            self.answer = action.text
        return action, seen


def ours(session: Session, schema: str) -> str:
    """A reply in the form that our roles want."""
    goal = session.task.goal
    if not schema:
        action, _ = session.act()
        fields = action.model_dump(exclude_defaults=True, exclude={"kind"})
        return json.dumps({"thought": "The next thing to do.", "action": action.kind, **fields})
    return json.dumps(
        {
            "Classified": {"kind": "D"},
            "Parts": {"parts": [{"goal": goal}]},
            "Personal": {"goal": goal},
            "ActionVerdict": {"outcome": "ok", "why": "The screen shows it."},
            "TrajectoryVerdict": {"on_track": True, "advice": ""},
            "ResultVerdict": {"outcome": "success", "why": "The screen shows it."},
            "Extracted": {"text": ""},
            "Rewritten": {"goal": goal},
            "FinalAnswer": {"text": session.answer},
            "Scene": {"scenario": "normal"},
            "AppFacts": {"facts": []},
        }[schema]
    )


def peer_role(system: str, text: str) -> str:
    """Which of its roles the peer asks for."""
    if "identify the task type" in system:
        return "classifier"
    if "break the task into" in system:
        return "orchestrator"
    if "evaluate whether" in system:
        return "global reflector"
    if "latest action produced" in system:
        return "action reflector" if "before latest action" in text else "trajectory reflector"
    return "answerer" if '"enum": ["answer"]' in system else "operator"


def peers(session: Session, role: str) -> str:
    """A reply in the form that the peer's role wants."""
    if role == "operator":
        action, seen = session.act()
        call = json.dumps({"name": "mobile_use", "arguments": arguments(action, seen)})
        said = "<conclusion>\nThe next thing to do.\n</conclusion>"
        return f"<thinking>\nThe next thing to do.\n</thinking>\n<tool_call>\n{call}\n</tool_call>\n{said}"
    answer = json.dumps(
        {"name": "mobile_use", "arguments": {"action": "answer", "text": session.answer or "Done"}}
    )
    return {
        "classifier": "Thought: One app.\nTask Type: D",
        "orchestrator": f"1. {session.task.goal}",
        "global reflector": "### Result ###\nSuccess\n\n### Reason ###\nThe screen shows it.",
        "action reflector": "### Outcome ###\nA\n\n### Error Description ###\nNone\n",
        "trajectory reflector": "### Outcome ###\nA\n\n### Error Description ###\nNone\n",
        "answerer": f"<thinking>\nIt is done.\n</thinking>\n<tool_call>\n{answer}\n</tool_call>\n<conclusion>\nIt is done.\n</conclusion>",
    }[role]


def arguments(action: Action, seen: Observation) -> dict[str, Any]:
    """An action in the peer's space: coordinates of its resized picture."""
    high, wide = smart_resize(seen.height, seen.width, max_pixels=MAX_PIXELS)
    spot = locate(action, seen)

    def point(x: int, y: int) -> list[int]:
        return [round(x / seen.width * wide), round(y / seen.height * high)]

    match action.kind:
        case "tap":
            return {"action": "click", "coordinate": point(spot.x, spot.y)}
        case "long_press":
            return {"action": "long_press", "coordinate": point(spot.x, spot.y), "time": 1.0}
        case "swipe":
            return {
                "action": "swipe",
                "coordinate": point(spot.x, spot.y),
                "coordinate2": point(spot.x2, spot.y2),
            }
        case "type":
            return {"action": "type", "text": action.text}
        case "key":
            return {"action": "system_button", "button": (action.key or "back").capitalize()}
        case "open_app":
            labels = {label: package for label, package in LABELS.items()}
            return {"action": "open", "text": labels.get(action.app, action.app)}
        case "wait":
            return {"action": "wait", "time": 0.1}
        case "answer":
            return {"action": "answer", "text": action.text}
        case _:
            return {"action": "terminate", "status": "success" if action.kind == "done" else "failure"}


LABELS: dict[str, str] = {}


class Model(BaseHTTPRequestHandler):
    """The scripted model's door."""

    session: Session

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        session = type(self).session
        text, pictures = read(asked["messages"])
        system = next((plain(m["content"]) for m in asked["messages"] if m["role"] == "system"), "")
        schema = asked.get("response_format", {}).get("json_schema", {}).get("name", "")
        if "mobile_use" in text or "GUI navigation" in system or "operating mobile phones" in system:
            role = peer_role(system, text)
            reply = peers(session, role)
        else:
            role, reply = schema or "operator", ours(session, schema)
        session.calls[role] += 1
        session.tokens["text"] += (len(text) + len(reply)) // 4
        session.tokens["picture"] += pictures
        self.answer(reply)

    def answer(self, reply: str) -> None:
        message = {"role": "assistant", "content": reply}
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        whole = {"id": "x", "object": "chat.completion", "created": 0, "model": "scripted"}
        body = json.dumps({**whole, "choices": [choice], "usage": usage}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


def plain(content: Any) -> str:
    return content if isinstance(content, str) else "\n".join(p.get("text", "") for p in content)


def read(messages: list[dict[str, Any]]) -> tuple[str, int]:
    """All text of a prompt, and the tokens of its pictures."""
    from PIL import Image

    tokens = 0
    for message in messages:
        for part in message["content"] if isinstance(message["content"], list) else []:
            if part.get("type") == "image_url":
                data = re.sub(r"^data:[^,]*,", "", part["image_url"]["url"])
                with Image.open(io.BytesIO(base64.b64decode(data))) as picture:
                    high, wide = smart_resize(picture.height, picture.width, max_pixels=MAX_PIXELS)
                tokens += (high // 28) * (wide // 28)
    return "\n".join(plain(m["content"]) for m in messages), tokens


def simple(template: Template, android: VirtualAndroid) -> bool:
    """Whether the peer can do it with adb alone: it needs a keyboard app of its own to clear or to type other scripts."""
    task = Task(template, 0)
    oracle = task.oracle()
    episode = play_with(oracle.next, task, oracle=oracle, android=android)
    kinds = {action.kind for action in episode.actions}
    typed = "".join(action.text for action in episode.actions if action.kind == "type")
    return episode.success and not kinds & {"clear", "ask", "note"} and typed.isascii()


def play_ours(session: Session, url: str, *, vision: bool) -> bool:
    opened = open_model(f"openai-compatible:scripted@{url}", Settings(context_tokens=64_000))
    if vision:
        opened = replace(
            opened, info=replace(opened.info, capabilities=opened.info.capabilities | {"vision"})
        )
    caller = ModelCaller(opened, MemoryLedger(), Budget(BudgetLimits()))
    policy = ModelPolicy(caller)
    options = {"pictures": "policy"}
    outcome = run_task(
        session.task,
        policy=lambda task: policy,
        caller=lambda *_: caller,
        android=session.android,
        options=options,
    )
    return outcome.success and outcome.done


def play_peer(session: Session, url: str, args: argparse.Namespace, adb_port: int) -> bool:
    session.task.initialise(session.android)
    script = str(Path(__file__).with_name("peer_coloragent.py"))
    steps = str(session.task.template.max_steps)
    serial = session.android.info.serial
    run = subprocess.run(
        [args.python, script, args.repo, url, str(adb_port), serial, steps, session.task.goal],
        capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    if run.returncode:
        print(run.stderr[-800:])
        return False
    said = json.loads(run.stdout.strip().splitlines()[-1])
    return session.task.success(session.android, said["answer"]) and "finished" in said["status"].lower()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repo", required=True)
    parser.add_argument("--python", required=True)
    parser.add_argument("--templates", type=int, default=24)
    args = parser.parse_args()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Model)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    android = VirtualAndroid()
    LABELS.update(android.labels())
    plain_ones = [t for t in all_templates().all(kind="plain") if simple(t, android)]
    step = max(1, len(plain_ones) // args.templates)
    chosen = plain_ones[::step][: args.templates]
    rows: list[dict[str, Any]] = []
    with serve(android) as served:
        for template in chosen:
            row: dict[str, Any] = {"task": template.name}
            for side in ("text", "vision", "peer"):
                task = Task(template, 0)
                session = Model.session = Session(task, android, task.oracle())
                session.oracle.direct = side != "peer"  # its action space has no field in `type`
                if side == "peer":
                    done = play_peer(session, url, args, served.adb_port)
                else:
                    done = play_ours(session, url, vision=side == "vision")
                row[side] = (done, session.calls.total(), session.tokens.total(), dict(session.calls))
            print(row["task"], *(f"{side}: {row[side][:3]}" for side in ("text", "vision", "peer")))
            rows.append(row)
    report(rows, args)


def report(rows: list[dict[str, Any]], args: argparse.Namespace) -> None:
    both = [r for r in rows if all(r[side][0] for side in ("text", "vision", "peer"))]
    lines = [
        f"n = {len(rows)} tasks, one seed each; done by the peer {sum(r['peer'][0] for r in rows)}, by ours with the "
        f"numbered list {sum(r['text'][0] for r in rows)}, by ours with list and picture {sum(r['vision'][0] for r in rows)}. "
        f"Ratios are medians of paired ratios with 95 % bootstrap intervals over the {len(both)} tasks that all three did.",
        "",
        "| | calls a task | tokens a task | calls, ratio to the peer | tokens, ratio to the peer |",
        "| --- | --- | --- | --- | --- |",
    ]
    for side, name in (
        ("peer", "ColorAgent HierarchicalAgent"),
        ("text", "ours, list"),
        ("vision", "ours, list and picture"),
    ):
        calls = [r[side][1] for r in both]
        tokens = [r[side][2] for r in both]
        ratios = [
            shown([r[side][place] / r["peer"][place] for r in both]) if side != "peer" else "1"
            for place in (1, 2)
        ]
        lines.append(
            f"| {name} | {sum(calls) / len(both):.1f} | {sum(tokens) / len(both):,.0f} | {ratios[0]} | {ratios[1]} |"
        )
    lines += ["", "Calls by role, all tasks:", ""]
    for side in ("peer", "text", "vision"):
        total = sum((Counter(r[side][3]) for r in rows), Counter())
        lines.append(f"- {side}: " + ", ".join(f"{role} {n}" for role, n in total.most_common()))
    lost = [f"{r['task']} ({side})" for r in rows for side in ("text", "vision", "peer") if not r[side][0]]
    lines += ["", "Not done: " + (", ".join(lost) or "none") + "."]
    lines += ["", *NOTES]
    command = f"python benchmarks/peer_phone.py --repo … --python … --templates {args.templates}"
    write_result(
        "phone-peer",
        "Phone loop: calls and tokens against ColorAgent's HierarchicalAgent",
        command,
        "\n".join(lines),
    )


NOTES = [
    "The model is scripted and always right; with a model that errs both loops ask more. Tokens are characters by four plus",
    "Qwen2.5-VL's picture tokens, not a tokenizer's. The peer reads no tree; that is its design, and its released configuration",
    "is used as it is (`configs/coloragent.yaml`, knowledge retrieval off, as there). Tasks that need its ADBKeyboard (clearing a",
    "field, other scripts) are left out. The device is Tenfold's virtual Android: these are not AndroidWorld numbers.",
]

if __name__ == "__main__":
    main()
