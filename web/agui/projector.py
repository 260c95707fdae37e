"""The fold: internal event in, document and AG-UI frames out. Frames are plain dicts in the protocol's spelling.

They are not built through the protocol's pydantic types, which would cost more than everything else here; a test
validates every kind of frame against those types instead.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ...tools.runs import Event
from .document import Document

Frame = dict[str, Any]
_KEPT_MESSAGES = 200
_KEPT_ACTIVITIES = 300
_ENDED = ("completed", "failed", "cancelled", "waiting_human")
PROTOCOL_VERSION = "1.0"
_DUMP = 1  # raised when the fold changes: an older dump is then not taken up


@dataclass
class _Text:
    role: str
    parts: list[str] = field(default_factory=list[str])


class Projector:
    """One run's log as a page sees it.

    Args:
        run_id: The run, AG-UI's `runId`.
        thread_id: Its thread, AG-UI's `threadId`.

    Attributes:
        seq: Of the last event taken in.
        begun_at: Seq of the event with which the run last began, or went on after an ending.
        document: The shared state.
    """

    def __init__(self, run_id: str, thread_id: str) -> None:
        self.run_id, self.thread_id = run_id, thread_id
        self.seq = self.begun_at = 0
        self.document = Document()
        self._ending: Frame | None = None  # the RUN_FINISHED or RUN_ERROR at which the stream stands
        self._begun = False
        self._open: dict[str, _Text] = {}
        self._messages: OrderedDict[str, Frame] = OrderedDict()
        self._activities: OrderedDict[str, Frame] = OrderedDict()
        self._steps: dict[str, int] = {}
        self._usage: dict[str, Frame] = {}

    @property
    def ended(self) -> bool:
        """Whether the stream stands at RUN_FINISHED or RUN_ERROR; a resumed run begins it again."""
        return self._ending is not None

    def fold(self, event: Event) -> list[Frame]:
        """Take in the next event and return its frames; an event already taken in gives none.

        The state's change is the last frame, so that whoever has it has the event's id too; only an ending comes after
        it, because nothing may follow that.
        """
        if event.seq <= self.seq:
            return []
        self.seq = event.seq
        data = event.data
        state: dict[str, Any] | None = data.get("state")
        handler = _HANDLERS.get(event.type)
        frames = handler(self, data) if handler else [_custom(event.type, data)]
        if state and (operations := self.document.apply(state)):
            delta: Frame = {"type": "STATE_DELTA", "delta": operations}
            at = len(frames) - 1 if frames and frames[-1] is self._ending else len(frames)
            frames.insert(at, delta)
        if not self._begun:
            self._begun = True
            if not frames or frames[0]["type"] != "RUN_STARTED":
                frames.insert(0, self._started())
        return frames or [_custom(event.type, data)]

    def opening(self) -> list[Frame]:
        """What a new connection is sent before the events after `seq`: where everything stands.

        A text that is still being written comes as its own start and content, so that its next piece finds it open.
        """
        self._begun = True
        frames: list[Frame] = [self._started(), {"type": "STATE_SNAPSHOT", "snapshot": self.document.value}]
        kept = [*self._activities.values(), *self._messages.values()]
        frames.append({"type": "MESSAGES_SNAPSHOT", "messages": kept})
        for name, count in self._steps.items():
            frames += [{"type": "STEP_STARTED", "stepName": name}] if count else []
        for message_id, text in self._open.items():
            frames.append({"type": "TEXT_MESSAGE_START", "messageId": message_id, "role": text.role})
            if text.parts:
                said = "".join(text.parts)
                frames.append({"type": "TEXT_MESSAGE_CONTENT", "messageId": message_id, "delta": said})
        frames.append({"type": "CUSTOM", "name": "tail", "value": {"seq": self.seq}})
        if self._ending:
            frames.append(self._ending)
        return frames

    def dump(self) -> dict[str, Any]:
        """All that the fold knows, as JSON; `load` goes on from it."""
        return {
            "version": _DUMP,
            "seq": self.seq,
            "begun_at": self.begun_at,
            "begun": self._begun,
            "document": self.document.value,
            "ending": self._ending,
            "open": {name: [text.role, "".join(text.parts)] for name, text in self._open.items()},
            "messages": list(self._messages.values()),
            "activities": list(self._activities.values()),
            "steps": self._steps,
            "usage": self._usage,
        }

    def load(self, kept: dict[str, Any]) -> None:
        """Stand where the projector stood whose dump this is; of its values none may be changed afterwards.

        Raises:
            ValueError: Another version wrote it.
        """
        if kept.get("version") != _DUMP:
            raise ValueError(f"A dump of version {kept.get('version')!r} cannot be read.")
        self.seq, self.begun_at, self._begun = kept["seq"], kept["begun_at"], kept["begun"]
        self.document = Document(kept["document"])
        self._ending = kept["ending"]
        if self._ending is not None and "runId" in self._ending:
            # The ids under which this stream speaks, which need not be those of the one that was dumped.
            self._ending |= {"threadId": self.thread_id, "runId": self.run_id}
        self._open = {
            name: _Text(role, [said] if said else []) for name, (role, said) in kept["open"].items()
        }
        self._messages = OrderedDict((frame["id"], frame) for frame in kept["messages"])
        self._activities = OrderedDict((frame["id"], frame) for frame in kept["activities"])
        self._steps, self._usage = kept["steps"], kept["usage"]

    def _started(self) -> Frame:
        return {
            "type": "RUN_STARTED",
            "threadId": self.thread_id,
            "runId": self.run_id,
            "protocolVersion": PROTOCOL_VERSION,
        }

    # --- events ---------------------------------------------------------------------------------------------------

    def _status(self, data: dict[str, Any]) -> list[Frame]:
        status = data.get("status")
        if status not in _ENDED:
            frames: list[Frame] = []
            if self._ending is not None:
                self._ending, self.begun_at = None, self.seq
                frames.append(self._started())
            # Inside a begun stream a second RUN_STARTED is an error to the protocol's client.
            return [*frames, _custom("run.status", data)]
        frames = self._close_open()
        if status == "failed":
            self._ending = {"type": "RUN_ERROR", "message": data.get("error") or "The run failed."}
        else:
            self._ending = self._finished(str(status), data)
        return [*frames, _custom("run.status", data), self._ending]

    def _finished(self, status: str, data: dict[str, Any]) -> Frame:
        outcome: Frame = {"type": "cancelled" if status == "cancelled" else "success"}
        if status == "waiting_human" and (asked := data.get("interrupts")):
            outcome = {"type": "interrupt", "interrupts": [_interrupt(i, v) for i, v in asked.items()]}
        frame: Frame = {
            "type": "RUN_FINISHED",
            "threadId": self.thread_id,
            "runId": self.run_id,
            "outcome": outcome,
        }
        if self._usage:
            frame["usage"] = [dict(usage) for usage in self._usage.values()]
        return frame

    def _close_open(self) -> list[Frame]:
        """Ends of what a killed or stopped step has left open: the protocol allows no ending before them."""
        frames: list[Frame] = []
        for message_id in list(self._open):
            frames += self._text_end({"id": message_id})
        for name, count in self._steps.items():
            frames += [{"type": "STEP_FINISHED", "stepName": name}] if count else []
        self._steps.clear()
        return frames

    def _step_started(self, data: dict[str, Any]) -> list[Frame]:
        name = str(data.get("name", ""))
        self._steps[name] = self._steps.get(name, 0) + 1
        # Parallel tasks of one node are one step to the protocol, which tells steps apart by name alone.
        return (
            [{"type": "STEP_STARTED", "stepName": name}]
            if self._steps[name] == 1
            else [_custom("step.started", data)]
        )

    def _step_finished(self, data: dict[str, Any]) -> list[Frame]:
        name = str(data.get("name", ""))
        count = self._steps.get(name, 0)
        self._steps[name] = max(count - 1, 0)
        return (
            [{"type": "STEP_FINISHED", "stepName": name}] if count == 1 else [_custom("step.finished", data)]
        )

    def _text_start(self, data: dict[str, Any]) -> list[Frame]:
        message_id, role = str(data["id"]), str(data.get("role") or "assistant")
        frames = self._text_end({"id": message_id}) if message_id in self._open else []
        self._messages.pop(message_id, None)
        self._open[message_id] = _Text(role)
        return [*frames, {"type": "TEXT_MESSAGE_START", "messageId": message_id, "role": role}]

    def _text_delta(self, data: dict[str, Any]) -> list[Frame]:
        message_id, delta = data["id"], data["delta"]
        text = self._open.get(message_id)
        frames: list[Frame] = []
        if text is None:
            frames = self._text_start(data)
            text = self._open[message_id]
        text.parts.append(delta)
        frames.append({"type": "TEXT_MESSAGE_CONTENT", "messageId": message_id, "delta": delta})
        return frames

    def _text_end(self, data: dict[str, Any]) -> list[Frame]:
        message_id = str(data["id"])
        text = self._open.pop(message_id, None)
        if text is None:
            return []
        self._messages[message_id] = {"id": message_id, "role": text.role, "content": "".join(text.parts)}
        if len(self._messages) > _KEPT_MESSAGES:
            self._messages.popitem(last=False)
        return [{"type": "TEXT_MESSAGE_END", "messageId": message_id}]

    def _activity(self, data: dict[str, Any]) -> list[Frame]:
        activity_id, kind = str(data["id"]), str(data.get("kind") or "activity")
        content = {name: data[name] for name in ("text", "status", "detail", "task") if name in data}
        self._activities.pop(activity_id, None)
        self._activities[activity_id] = {
            "id": activity_id,
            "role": "activity",
            "activityType": kind,
            "content": content,
        }
        if len(self._activities) > _KEPT_ACTIVITIES:
            self._activities.popitem(last=False)
        return [
            {
                "type": "ACTIVITY_SNAPSHOT",
                "messageId": activity_id,
                "activityType": kind,
                "content": content,
                "replace": True,
            }
        ]

    def _call_end(self, data: dict[str, Any]) -> list[Frame]:
        used, label = data.get("usage") or {}, str(data.get("model", ""))
        usage = self._usage.setdefault(
            label, {"model": label, "inputTokens": 0, "outputTokens": 0, "totalTokens": 0}
        )
        came, went = int(used.get("input_tokens") or 0), int(used.get("output_tokens") or 0)
        usage["inputTokens"] += came
        usage["outputTokens"] += went
        usage["totalTokens"] += came + went
        return [_custom("call.end", data)]


def _custom(name: str, data: dict[str, Any]) -> Frame:
    value = {key: item for key, item in data.items() if key != "state"} if "state" in data else data
    return {"type": "CUSTOM", "name": name, "value": value}


def _interrupt(interrupt_id: str, value: Any) -> Frame:
    """A LangGraph interrupt; what it holds goes whole into `metadata.value`."""
    fields: dict[str, Any] = value if isinstance(value, dict) else {}
    kind = fields.get("kind")
    frame: Frame = {
        "id": interrupt_id,
        "reason": f"tenfold:{kind}" if isinstance(kind, str) else "input_required",
        "metadata": {"value": value},
    }
    message = value if isinstance(value, str) else fields.get("message") or fields.get("question")
    if isinstance(message, str):
        frame["message"] = message
    if isinstance(schema := fields.get("response_schema"), dict):
        frame["responseSchema"] = schema
    return frame


_HANDLERS: dict[str, Callable[[Projector, dict[str, Any]], list[Frame]]] = {
    "run.status": Projector._status,  # pyright: ignore[reportPrivateUsage]
    "step.started": Projector._step_started,  # pyright: ignore[reportPrivateUsage]
    "step.finished": Projector._step_finished,  # pyright: ignore[reportPrivateUsage]
    "text.start": Projector._text_start,  # pyright: ignore[reportPrivateUsage]
    "text.delta": Projector._text_delta,  # pyright: ignore[reportPrivateUsage]
    "text.end": Projector._text_end,  # pyright: ignore[reportPrivateUsage]
    "activity": Projector._activity,  # pyright: ignore[reportPrivateUsage]
    "call.end": Projector._call_end,  # pyright: ignore[reportPrivateUsage]
}
