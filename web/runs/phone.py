"""The phone, served: ColorAgent's graph over a virtual Android, a device of this machine, or one behind Appium."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field

from ...errors import ConfigError, MissingExtra, PhoneError, RunError
from ...graphs.coloragent import PhoneContext, PhoneLimits, PhoneOptions, build_graph, initial_state
from ...models import Budget, ModelCaller, ModelName
from ...settings import BudgetLimits
from ...tools.memory import Memory
from ...tools.phone import APPIUM_URL, Device, DeviceSpec, SafetyPolicy, open_device
from ...tools.runs import ImageStore, Run, RunStore
from ..services import Services
from .calls import call_teller
from .served import Emit

if TYPE_CHECKING:
    from ...durable import Ledger

VIRTUAL = "virtual"
_SERIAL = r"[A-Za-z0-9][A-Za-z0-9._:-]{0,100}"
_APPIUM = rf"https?://[A-Za-z0-9.\[\]:_/-]{{1,200}}(?:#{_SERIAL})?"


class MacroUse(BaseModel):
    """A recorded macro to play, and texts for its parameters."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=100)
    parameters: dict[str, str] = {}


class PhoneInput(BaseModel):
    """A task, and the phone that it is done on.

    Attributes:
        goal: The task in the user's words.
        device: `virtual`, a serial as adb names it, or the address of an Appium server, with `#SERIAL` if it has
            several devices.
        seed: What a virtual phone is filled from: equal seeds are equal phones.
        model: As `provider:name`; None is the one of the settings.
        rules: What may be done, before the default table: the JSON of `SafetyPolicy.parse`, or "".
        secrets: Names of values that may be typed. The values are never kept.
        macro: A recorded run to play; the agent takes over where it does not fit.
        options: The graph's own options.
    """

    model_config = ConfigDict(extra="forbid")

    goal: str = Field(max_length=4000)
    device: str = Field(default=VIRTUAL, pattern=rf"^(?:{VIRTUAL}|{_SERIAL}|{_APPIUM})$", max_length=400)
    seed: int = Field(default=0, ge=0, le=2**31)
    model: str | None = Field(default=None, max_length=200)
    rules: str = Field(default="", max_length=20_000)
    secrets: list[str] = Field(default=[], max_length=20)
    macro: MacroUse | None = None
    options: PhoneOptions = Field(default_factory=lambda: PhoneOptions())


class ServedPhone:
    """Phone tasks as a served graph.

    Args:
        services: Models and store.
        secrets: Values by name; only who starts this process can give them.
    """

    name = "phone"
    title = "Phone"
    description = (
        "Does a task on an Android phone, step by step, and asks before it pays, sends, deletes or the like. "
        "The virtual phone is Tenfold's own: results on it are not results on Android."
    )
    Input: type[BaseModel] = PhoneInput
    steerable = True
    recursion_limit = 5000  # 500 decisions, each with its look, its act and its verdict
    streams: tuple[str, ...] = ("tasks", "custom")

    def __init__(self, services: Services, secrets: Mapping[str, str] | None = None) -> None:
        self._services = services
        self._secrets = dict(secrets or {})

    def build(self) -> Any:
        """The graph, not compiled."""
        return build_graph()

    def check(self, input: Any, owner: str) -> None:
        """Refuse an input that cannot run.

        Raises:
            ConfigError: The goal is empty, or rules, macro, model or secrets are not what they should be.
            ModelNotFound: The model is not here.
            MissingExtra: What draws the virtual phone, or speaks with a true one, is not installed.
        """
        asked = PhoneInput.model_validate(input.model_dump())
        if not asked.goal.strip():
            raise ConfigError("The task is empty.", mend="Say what is to be done.")
        SafetyPolicy.parse(asked.rules or "[]")
        if missing := sorted(set(asked.secrets) - set(self._secrets)):
            raise ConfigError(
                f"The secret {missing[0]!r} was not given.",
                mend="Secrets are given in the terminal: --secret NAME.",
            )
        _check_installed(virtual=asked.device == VIRTUAL)
        if ModelName.parse(asked.model or self._services.settings.model) != ModelName.parse("embedded"):
            self._services.model(asked.model)
        if asked.macro is not None:
            memory = open_memory(self._services.store, owner)
            try:
                if memory.macro(asked.macro.name) is None:
                    raise ConfigError(
                        f"There is no macro {asked.macro.name!r}.", mend="See: tenfold phone macro list"
                    )
            finally:
                memory.close()

    async def prepare(self, run: Run, emit: Emit) -> None:
        """Nothing: the device is opened with the context."""

    async def context(self, run: Run, emit: Emit, values: dict[str, Any]) -> PhoneContext:
        """The services of one run; its phone is opened, and let go when the drive ends."""
        store = self._services.store
        asked = PhoneInput.model_validate(run.options)
        ledger: Ledger = store.ledger(run.id)
        records = await ledger.records()
        limits = PhoneLimits.model_validate((values.get("options") or asked.options.model_dump())["limits"])
        budget = Budget.restore(BudgetLimits(**limits.model_dump()), records, minutes=run.active_s / 60)
        tell = call_teller(emit, budget, sum(r.kind == "llm" for r in records))
        context = await asyncio.to_thread(self._open, run, asked, ledger, budget, tell, records)
        context.on_live = emit
        budget.start()
        return context

    def _open(
        self, run: Run, asked: PhoneInput, ledger: Ledger, budget: Budget, tell: Any, records: Any
    ) -> PhoneContext:
        from ...agents.coloragent import MacroPolicy, ModelPolicy, Policy

        settings, store = self._services.settings, self._services.store
        opened = self._services.model(asked.model)
        caller = ModelCaller(
            opened, ledger=ledger, budget=budget, timeout_s=max(settings.timeout_s, opened.info.patience_s),
            retries=settings.retries, on_event=tell,
        )  # fmt: skip
        memory = open_memory(store, run.owner)
        policy: Policy = ModelPolicy(caller)
        if asked.macro is not None:
            macro = memory.macro(asked.macro.name)
            if macro is None:
                raise RunError(f"The macro {asked.macro.name!r} is gone.", mend="Begin the task without it.")
            policy = MacroPolicy(macro, asked.macro.parameters, policy)
        device, ledger, release = self._device(run, asked, ledger, records)

        def let_go() -> None:
            release()
            memory.close()

        return PhoneContext(
            run.id, device, policy, store, ledger, budget, images_of(store), caller=caller,
            safety=SafetyPolicy.parse(asked.rules or "[]"), memory=memory,
            secrets={name: self._secrets[name] for name in asked.secrets if name in self._secrets},
            page_reader=self._services.phone_reader(), on_close=let_go,
        )  # fmt: skip

    def _device(
        self, run: Run, asked: PhoneInput, ledger: Ledger, records: Any
    ) -> tuple[Device, Ledger, Callable[[], None]]:
        """The phone, the ledger to be used with it, and what lets it go."""
        if asked.device == VIRTUAL:
            from .phone_device import KeepingLedger, KeptPhone, last_done

            phone = KeptPhone(_folder(self._services.store, run.id), seed=asked.seed)
            return phone.open(last_done(records)), KeepingLedger(ledger, phone), lambda: None
        try:  # two tasks on one phone would undo each other
            lock = self._services.store.lock(
                f"phone-{hashlib.sha256(asked.device.encode()).hexdigest()[:16]}"
            )
        except RunError as error:
            raise PhoneError(
                f"Another run is using the phone {asked.device}.",
                mend="Resume this one when that one has ended.",
            ) from error
        try:
            return open_device(spec_of(asked.device)), ledger, lock.release
        except BaseException:
            lock.release()
            raise

    def initial(self, run: Run) -> Any:
        """The state that the run starts from."""
        asked = PhoneInput.model_validate(run.options)
        return initial_state(run.id, asked.goal, owner=run.owner, options=asked.options)

    def on_fork(self, values: dict[str, Any], run: Run, parent: Run) -> dict[str, Any]:
        """The fork is a run of its own, with the pictures and, where it is virtual, the phone of that moment."""
        store = self._services.store
        images_of(store).copy(parent.id, run.id)
        if run.options.get("device", VIRTUAL) == VIRTUAL:
            from .phone_device import KeptPhone, last_done

            done = last_done(asyncio.run(store.ledger(run.id).records()))  # those of the fork's moment
            KeptPhone(_folder(store, parent.id)).copy(_folder(store, run.id), done)
        return {"run_id": run.id, "owner": run.owner}

    def document(self, run: Run) -> dict[str, Any]:
        """The caps, and which phone it is, until the first step says more."""
        asked = PhoneInput.model_validate(run.options)
        return {
            "/limits": asked.options.limits.model_dump(),
            "/phone/device": {"serial": asked.device, "virtual": asked.device == VIRTUAL},
        }


def spec_of(device: str) -> DeviceSpec:
    """What a device's name means: a serial behind the usual Appium server, or an Appium server's address.

    Raises:
        ConfigError: An address with a password in it, which would be stored.
    """
    if "://" not in device:
        return DeviceSpec(serial=device, appium_url=APPIUM_URL)
    if urlsplit(device).password:
        raise ConfigError("The address of the Appium server holds a password, which would be stored.")
    url, _, serial = device.partition("#")
    return DeviceSpec(serial=serial, appium_url=url)


def images_of(store: RunStore) -> ImageStore:
    """The pictures of all runs."""
    return ImageStore(store.folder / "images")


def open_memory(store: RunStore, owner: str) -> Memory:
    """What is kept about a user; words are compared, so that no embedding model must be there."""
    return Memory(store.folder / "memory.db", owner)


def _folder(store: RunStore, run_id: str) -> Path:
    return store.folder / "phones" / run_id


def _check_installed(*, virtual: bool) -> None:
    from importlib.util import find_spec

    needed = ("PIL",) if virtual else ("PIL", "appium")
    if any(find_spec(name) is None for name in needed):
        raise MissingExtra("The virtual phone" if virtual else "A phone behind Appium", "phone")
