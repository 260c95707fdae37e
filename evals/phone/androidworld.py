"""The phone graph as an agent of AndroidWorld.

AndroidWorld is not on PyPI and its device is an emulator; the class is made when it is asked for, from the installed
`android_world`. The first call of its `step` plays the whole task, within the steps that AndroidWorld sets; a task that
was not ended as done stays so in further calls.
"""

from __future__ import annotations

import asyncio
import io
import re
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...agents.coloragent import Policy
from ...durable import MemoryLedger
from ...errors import ConfigError, PhoneError
from ...graphs.coloragent import PhoneContext, PhoneOptions, build_graph, initial_state
from ...models import Budget, ModelCaller
from ...settings import BudgetLimits
from ...tools.phone import Bounds, DeviceInfo, Feature, Key, Node, Observation, Tree
from ...tools.runs import ImageStore, RunStore

DEFAULT_STEPS = 50
_KEYS: dict[str, str] = {"back": "navigate_back", "home": "navigate_home", "enter": "keyboard_enter"}
_OPPOSITE = {"up": "down", "down": "up", "left": "right", "right": "left"}


def node_of(element: Any) -> Node:
    """A `UIElement` of AndroidWorld as a node of ours."""
    box = element.bbox_pixels
    bounds = Bounds(0, 0, 0, 0)
    if box is not None:
        bounds = Bounds(round(box.x_min), round(box.y_min), round(box.x_max), round(box.y_max))
    kind = str(element.class_name or "android.view.View")
    return Node(
        class_name="android.widget.EditText" if element.is_editable and "Edit" not in kind else kind,
        package=str(element.package_name or ""), text=str(element.text or ""),
        description=str(element.content_description or ""), resource_id=str(element.resource_name or ""),
        hint=str(element.hint_text or ""), bounds=bounds, clickable=bool(element.is_clickable),
        long_clickable=bool(element.is_long_clickable), checkable=bool(element.is_checkable),
        checked=bool(element.is_checked), enabled=element.is_enabled is not False,
        focusable=bool(element.is_focusable), focused=bool(element.is_focused),
        scrollable=bool(element.is_scrollable), selected=bool(element.is_selected),
        displayed=element.is_visible is not False,
    )  # fmt: skip


def observation_of(state: Any, activity: str, size: tuple[int, int], *, screenshot: bool) -> Observation:
    """A `State` of AndroidWorld as a look of ours.

    Its elements come as a flat list: what lies within another's bounds is taken to be its child. What lies over what is
    not known; the later one is taken to be on top.
    """
    width, height = size
    nodes = [node_of(element) for element in state.ui_elements]
    root = Node("android.widget.FrameLayout", "", "", "", "", "", Bounds(0, 0, width, height))
    root = _nested(root, nodes)
    package, _, name = activity.partition("/")
    png = None
    if screenshot and state.pixels is not None:
        from PIL import Image

        data = io.BytesIO()
        Image.fromarray(state.pixels).save(data, "PNG")
        png = data.getvalue()
    keyboard = any("inputmethod" in node.package for node in nodes)
    now = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime())
    tree = Tree((root,), 0, width=width, height=height)
    return Observation(tree, png, package, name, keyboard, width, height, 0, now)


def _nested(root: Node, nodes: Sequence[Node]) -> Node:
    """The nodes as a tree, each in the smallest that holds it."""

    def area(node: Node) -> int:
        return (node.bounds.right - node.bounds.left) * (node.bounds.bottom - node.bounds.top)

    every = [root, *nodes]
    order = sorted(range(1, len(every)), key=lambda i: (area(every[i]), -i))
    held: dict[int, list[int]] = {}
    for place, i in enumerate(order):
        inner = every[i].bounds
        larger = (
            j for j in order[place + 1 :] if every[j].bounds.clip(inner) == inner and every[j].bounds != inner
        )
        held.setdefault(next(larger, 0), []).append(i)

    def built(i: int) -> Node:
        children = tuple(built(j) for j in sorted(held.get(i, ())))
        return replace(every[i], children=children)

    return built(0)


class AndroidWorldDevice:
    """An AndroidWorld environment behind the device port.

    Args:
        env: Its `AsyncEnv`.
        action: Its `json_action.JSONAction`.
        apps: Labels of apps that can be opened.
    """

    features: frozenset[Feature] = frozenset({"screenshot", "tree"})

    def __init__(self, env: Any, action: Callable[..., Any], apps: Sequence[str] = ()) -> None:
        self._env, self._action, self._apps = env, action, tuple(apps)

    def info(self) -> DeviceInfo:
        """The emulator that AndroidWorld asks for."""
        width, height = self._env.logical_screen_size
        return DeviceInfo("androidworld", "Pixel 6", "13", 33, width, height, 420)

    def observe(self, *, screenshot: bool = True) -> Observation:
        """Look once."""
        state = self._env.get_state(wait_to_stabilize=False)
        activity = str(self._env.foreground_activity_name)
        return observation_of(state, activity, self._env.logical_screen_size, screenshot=screenshot)

    def _do(self, **fields: Any) -> None:
        try:
            self._env.execute_action(self._action(**fields))
        except Exception as error:
            raise PhoneError(f"AndroidWorld refused {fields}: {error}", mend="See its emulator.") from error

    def tap(self, x: int, y: int) -> None:
        """Touch a point shortly."""
        self._do(action_type="click", x=x, y=y)

    def long_press(self, x: int, y: int, seconds: float = 1.0) -> None:
        """Touch a point and stay, as long as AndroidWorld does."""
        self._do(action_type="long_press", x=x, y=y)

    def swipe(self, x1: int, y1: int, x2: int, y2: int, seconds: float = 0.5) -> None:
        """Over the whole screen, by direction: AndroidWorld has no other. Its `scroll` names the way of the page."""
        dx, dy = x2 - x1, y2 - y1
        finger = ("right" if dx > 0 else "left") if abs(dx) > abs(dy) else ("down" if dy > 0 else "up")
        self._do(action_type="scroll", direction=_OPPOSITE[finger])

    def type(self, text: str) -> None:
        """Type into the focused field; AndroidWorld's own action would press Enter afterwards."""
        from android_world.env import adb_utils  # pyright: ignore[reportMissingImports]

        adb_utils.type_text(text, self._env.controller, timeout_sec=10)

    def clear(self) -> None:
        """Empty the focused field: to its end, then delete each letter."""
        field = self.observe(screenshot=False).tree.focused()
        for code in ("KEYCODE_MOVE_END", *["KEYCODE_DEL"] * len(field.content if field is not None else "")):
            self._press(code)

    def _press(self, code: str) -> None:
        from android_world.env import adb_utils  # pyright: ignore[reportMissingImports]

        adb_utils.issue_generic_request(["shell", "input", "keyevent", code], self._env.controller)

    def key(self, name: Key) -> None:
        """Press a key."""
        if name in _KEYS:
            self._do(action_type=_KEYS[name])
        else:
            self._press(
                {"recents": "KEYCODE_APP_SWITCH", "delete": "KEYCODE_DEL"}.get(
                    name, f"KEYCODE_{name.upper()}"
                )
            )

    def open_app(self, app: str) -> str:
        """Open an app by the name that AndroidWorld knows it by."""
        self._do(action_type="open_app", app_name=app)
        return str(self._env.foreground_activity_name).partition("/")[0]

    def apps(self) -> dict[str, str]:
        """Names; AndroidWorld does not tell their packages, so each stands for itself."""
        return {label: label for label in self._apps}

    def shell(self, args: Sequence[str]) -> str:
        """Never: an agent of AndroidWorld has none.

        Raises:
            PhoneError: Always.
        """
        raise PhoneError("An agent of AndroidWorld has no shell.", mend="Act by touch.")

    def close(self) -> None:
        """The environment is AndroidWorld's to close."""


async def _play(
    device: AndroidWorldDevice, goal: str, policy: Policy, caller: ModelCaller | None, steps: int
) -> Any:
    """The graph over one task; questions are answered with no knowledge, approvals by the goal alone: all are given."""
    from langgraph.checkpoint.memory import InMemorySaver
    from langgraph.types import Command

    with tempfile.TemporaryDirectory(prefix="tenfold-phone-") as folder:
        store = RunStore(Path(folder))
        run = store.create("phone", goal, {})
        context = PhoneContext(
            run.id, device, policy, store, caller.ledger if caller else MemoryLedger(),
            caller.budget if caller else Budget(BudgetLimits()), ImageStore(Path(folder) / "images"), caller=caller,
            probing=False, on_live=lambda type, data: None,
        )  # fmt: skip
        options = PhoneOptions(max_steps=steps, confirm=False, pictures="policy")
        graph = build_graph().compile(checkpointer=InMemorySaver())
        config: Any = {"configurable": {"thread_id": run.id}, "recursion_limit": 5000}
        work: Any = initial_state(run.id, goal, options=options)
        while True:
            values: Any = await graph.ainvoke(work, config, context=context, durability="exit")
            waiting = values.get("__interrupt__", ())
            if not waiting:
                store.close()
                return values
            asks = waiting[0].value["kind"] == "ask_user"
            work = Command(resume={"answer": "Decide yourself."} if asks else {"action": "approve"})


def tenfold_agent(
    env: Any,
    policy: Policy,
    *,
    caller: ModelCaller | None = None,
    apps: Sequence[str] = (),
    name: str = "tenfold",
) -> Any:
    """An agent for AndroidWorld's `episode_runner`.

    There is nobody to ask in a benchmark: gated actions are approved, questions are answered with "Decide yourself".

    Args:
        env: AndroidWorld's `AsyncEnv`.
        policy: What chooses the actions.
        caller: The model of the roles around it; None: rules alone.
        apps: Names of apps, as AndroidWorld's `open_app` knows them.
        name: As AndroidWorld's results name it.

    Raises:
        ConfigError: `android_world` is not installed.
    """
    try:
        from android_world.agents import base_agent  # pyright: ignore[reportMissingImports]
        from android_world.env import json_action  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise ConfigError(
            "android_world is not installed.",
            mend="It is not on PyPI: install it from google-research/android_world.",
        ) from error

    class TenfoldAgent(base_agent.EnvironmentInteractingAgent):  # pyright: ignore[reportUntypedBaseClass]
        """Plays a task with the phone graph."""

        ended: Any = None

        def reset(self, go_home: bool = False) -> None:
            """Ready for another task."""
            self.ended = None
            super().reset(go_home)

        def step(self, goal: str) -> Any:
            """Play the whole task, once."""
            if self.ended is not None:
                return self.ended
            device = AndroidWorldDevice(self.env, json_action.JSONAction, apps)
            state = asyncio.run(_play(device, goal, policy, caller, self._max_steps or DEFAULT_STEPS))
            if state["answer"]:
                self.env.execute_action(json_action.JSONAction(action_type="answer", text=state["answer"]))
            said = re.sub(r"\s+", " ", str(state["outcome"].get("text", "")))
            data = {"history": state["history"], "outcome": state["outcome"], "said": said}
            done = state["outcome"].get("reason") in ("done", "answered")
            self.ended = base_agent.AgentInteractionResult(done, data)
            return self.ended

    return TenfoldAgent(env, name, None)
