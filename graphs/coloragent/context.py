"""What the nodes of a phone task work with: handed in from outside, never part of the state."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from ...agents.coloragent import Policy
from ...durable import CallRecord, Ledger, call_key, once
from ...encoding import dump_json
from ...errors import MissingExtra, PhoneError, TenfoldError
from ...models import Budget, ModelCaller
from ...pages import PageReader
from ...settings import BudgetLimits
from ...tools.memory import Memory
from ...tools.phone import (
    Action,
    Bounds,
    Device,
    Observation,
    Probe,
    SafetyPolicy,
    Spot,
    Target,
    agreement,
    describe,
    fill_secrets,
    find_orders,
    hide_secrets,
    perform,
    read_probe,
    secret_boxes,
    settle,
    without_secrets,
)
from ...tools.runs import ImageStore, RunStore, blacken
from .state import Difference, Pending, PhoneLimits, PhoneState, Seen

_SEEN = 24  # pixels: of a row that is scrolled away but for an edge, no words can be seen
_LISTED = 1200  # characters
FRESH_S = 1.0  # a look older than this is taken again before a touch


@dataclass(frozen=True, slots=True)
class Look:
    """One look as this process keeps it.

    Attributes:
        observation: The screen, secrets taken out of its texts.
        picture: PNG with password fields blackened, or None.
        image: The picture's hash in the store, or "".
        at: When, by this process's clock.
    """

    observation: Observation
    picture: bytes | None
    image: str
    at: float


@dataclass
class PhoneContext:
    """The services of one run.

    Attributes:
        run_id: The run.
        device: The phone. Its calls block; nodes make them in a thread, one at a time.
        policy: What chooses the actions.
        store: Inbox, events.
        ledger: The run's finished calls: intents and ends of actions are in it.
        budget: Caps and what is spent; shared with `caller`.
        images: Where pictures are kept.
        caller: The model behind the roles around the policy; None: rules alone.
        safety: What may be done.
        memory: What is kept about the owner, or None.
        secrets: Values that can be typed by name.
        page_reader: Reads what is drawn on a screen where its tree says nothing, or None.
        on_live: Gets what is only worth seeing while it happens: type and data. Who gives it also has the log flushed
            before each checkpoint.
        probing: Whether the device may be asked for the state of its switches.
        on_close: Called when the device was let go.
    """

    run_id: str
    device: Device
    policy: Policy
    store: RunStore
    ledger: Ledger
    budget: Budget
    images: ImageStore
    caller: ModelCaller | None = None
    safety: SafetyPolicy = field(default_factory=SafetyPolicy)
    memory: Memory | None = None
    secrets: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    page_reader: PageReader | None = None
    on_live: Callable[[str, dict[str, Any]], None] | None = None
    probing: bool = True
    on_close: Callable[[], None] | None = None
    now: Look | None = field(default=None, init=False, repr=False)
    before: Look | None = field(default=None, init=False, repr=False)
    _listed: tuple[Observation, str] | None = field(default=None, init=False, repr=False)
    _apps: dict[str, str] | None = field(default=None, init=False, repr=False)

    def emit(self, type: str, data: dict[str, Any], *, key: str, state: dict[str, Any] | None = None) -> None:
        """Append an event; the same event under the same key is written once, however often a node runs again."""
        data = {**data, "state": state} if state else data
        digest = hashlib.sha256(dump_json(data).encode()).hexdigest()[:8]
        if self.on_live is None:
            self.store.emit(self.run_id, type, data, key=f"{key}:{digest}")
        else:  # a server must not wait for the disk here; what waits is written before the node's checkpoint
            self.store.log.later(self.run_id, type, data, f"{key}:{digest}")

    def set_limits(self, limits: PhoneLimits) -> None:
        """Put the run's caps in force, as its state has them."""
        self.budget.limits = BudgetLimits(**limits.model_dump())

    def close(self) -> None:
        """Let the device go, and then do what `on_close` says."""
        try:
            with suppress(PhoneError):  # a device that is gone needs no closing
                self.device.close()
        finally:
            if self.on_close is not None:
                self.on_close()

    async def apps(self) -> dict[str, str]:
        """Label → package of what can be opened; asked once."""
        if self._apps is None:
            self._apps = await asyncio.to_thread(self.device.apps)
        return self._apps

    async def look(self, pictures: str, *, after: Look | None = None) -> Look:
        """Wait until the screen is still and look; the picture is kept as `pictures` says.

        Args:
            after: The look from before an action: a screen that is still that one is given time.

        Raises:
            PhoneError: The device is gone.
        """
        useful = self.policy.wants_picture or self.page_reader is not None
        wanted = pictures == "always" or (pictures == "policy" and useful)
        self.now = await asyncio.to_thread(self._look, wanted, after.observation if after else None)
        return self.now

    def _look(self, picture: bool, after: Observation | None) -> Look:
        seen = settle(self.device, screenshot=picture, after=after).observation
        png, image = None, ""
        pairs = list(self.secrets.items())
        if seen.png is not None:
            boxes = [(b.left, b.top, b.right, b.bottom) for b in secret_boxes(seen, pairs)]
            png = blacken(seen.png, boxes)
            image = self.images.put(self.run_id, png)
        return Look(without_secrets(seen, pairs), png, image, time.monotonic())

    async def glance(self) -> Observation:
        """Look once at the tree, without a picture: right before a touch."""
        seen = await asyncio.to_thread(self.device.observe, screenshot=False)
        return without_secrets(seen, list(self.secrets.items()))

    async def screen(self, state: PhoneState) -> Look:
        """The screen as this process last saw it; a resumed process looks anew."""
        return self.now or await self.look(state["options"]["pictures"])

    async def page_text(self, look: Look) -> str:
        """What the page reader reads on a screen that shows more than its tree says; else nothing.

        Each picture is read once in a run, whatever that came to: a reader that fails costs a step its words, no more.
        """
        reader, png = self.page_reader, look.picture
        if reader is None or png is None:
            return ""
        drawn = await asyncio.to_thread(self._disagreements, look.observation, None)
        worded = any(node.text or node.description for node in look.observation.tree.walk())
        if worded and not any(d["kind"] == "no_node" for d in drawn):
            return ""

        async def read() -> CallRecord:
            started = time.monotonic()
            try:
                (reading,) = await asyncio.to_thread(reader.read, [png], task="text")
                value = {"text": reading.text}
            except TenfoldError as error:
                value = {"text": "", "error": str(error)}
            ms = 1000 * (time.monotonic() - started)
            return CallRecord(key, "read", reader.name, value, ms=ms, role="screen")

        key = call_key("read", "screen", image=look.image, reader=reader.name)
        record = await once(self.ledger, key, read)
        return hide_secrets(str(record.value["text"]), self.secrets.items())

    async def disagreements(self, target: Target | None) -> list[Difference]:
        """Where tree and picture of the last look differ, what lies at the target first; at most five.

        A look without a picture gets one, unless the screen has moved on; it is compared and not kept.
        """
        look = self.now
        if look is None or "screenshot" not in self.device.features:
            return []
        return await asyncio.to_thread(self._disagreements, look.observation, target)

    def _disagreements(self, seen: Observation, target: Target | None) -> list[Difference]:
        if seen.png is None:
            again = self.device.observe()
            if without_secrets(again, list(self.secrets.items())).signature != seen.signature:
                return []
            seen = again
        try:
            found = agreement(seen)
        except (MissingExtra, PhoneError):  # nothing here can read pictures, or this one is damaged
            return []
        box = Bounds(*target["bounds"]) if target is not None else Bounds(0, 0, 0, 0)
        told = [
            Difference(
                kind=d.kind, bounds=[d.bounds.left, d.bounds.top, d.bounds.right, d.bounds.bottom],
                text=hide_secrets((d.node.text or d.node.description)[:200], self.secrets.items()) if d.node else "",
                at_target=not d.bounds.clip(box).empty,
            )
            for d in found
            if min(d.bounds.right - d.bounds.left, d.bounds.bottom - d.bounds.top) >= _SEEN
        ]  # fmt: skip
        return sorted(told, key=lambda d: not d["at_target"])[:5]

    async def probe(self, probe: Probe) -> bool | None:
        """The state of a switch, if the device may and can be asked."""
        return await asyncio.to_thread(read_probe, self.device, probe) if self.probing else None

    async def act(self, pending: Pending) -> tuple[str, bool]:
        """Touch the phone, at most once in the run's life.

        The intent is in the ledger before the touch and the end after it. Where an intent has no end, the process died
        between them: nobody knows whether the finger came down, and it does not come down again.

        Returns:
            What the device said against it, or ""; and whether it is unknown if it was done.

        Raises:
            PhoneError: The device is gone.
        """
        n, action = pending["n"], Action.model_validate(pending["action"])
        if action.kind == "wait":
            await self._wait(action)
            return "", False
        intent, done = f"phone:intent:{n}", f"phone:done:{n}"
        if (known := await self.ledger.get(done)) is not None:
            return str(known.value["error"]), False
        if await self.ledger.get(intent) is not None:
            return "", True
        await self.ledger.put(self._record(intent, {"kind": action.kind, "target": pending["target"]}))
        started, error = time.monotonic(), ""
        try:
            await asyncio.to_thread(self._touch, action, pending)
        except PhoneError as refusal:
            await asyncio.to_thread(self.device.observe, screenshot=False)  # raises when the device is gone
            error = str(refusal)
        await self.ledger.put(self._record(done, {"error": error}, ms=1000 * (time.monotonic() - started)))
        return error, False

    def _touch(self, action: Action, pending: Pending) -> None:
        x, y, x2, y2 = pending["spot"]
        if pending["focus"]:
            self.device.tap(x, y)
            settle(self.device, cap_s=2.0, screenshot=False)
        if action.kind == "type":
            action = action.model_copy(update={"text": fill_secrets(action.text, self.secrets.get)})
        perform(self.device, action, Spot(x, y, x2, y2))

    async def _wait(self, action: Action) -> None:
        seconds = 2.0 if action.seconds is None else action.seconds
        sleep = getattr(self.device, "sleep", None)
        if sleep is not None:
            await asyncio.to_thread(sleep, seconds)
        else:
            await asyncio.sleep(seconds)

    def _record(self, key: str, value: dict[str, Any], *, ms: float = 0.0) -> CallRecord:
        return CallRecord(key, "phone", type(self.device).__name__, value, ms=ms, role="act")

    def seen(self, look: Look, state: PhoneState) -> Seen:
        """A look as the state keeps it, with the orders that stand on the screen."""
        o = look.observation
        said = " ".join((state["goal"], *state["corrections"], *(q["answer"] for q in state["questions"])))
        return Seen(
            image=look.image, package=o.package, activity=o.activity, keyboard=o.keyboard, width=o.width,
            height=o.height, time=o.time, signature=o.signature,
            orders=[{"id": a.id, "text": a.text} for a in find_orders(o.tree, said)],
        )  # fmt: skip

    def listed(self, seen: Observation) -> str:
        """The screen as the page and the terminal list it; made once a look."""
        if self._listed is None or self._listed[0] is not seen:
            self._listed = (seen, describe(seen, limit=_LISTED))
        return self._listed[1]

    def pictures(self, *looks: Look | None) -> Sequence[bytes]:
        """The pictures of these looks, if all have one."""
        found = [look.picture for look in looks if look is not None and look.picture is not None]
        return found if len(found) == len(looks) else []
