"""The agent for AndroidWorld, in an environment of its interface that stands on the virtual Android."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from tenfold.errors import ConfigError
from tenfold.evals.phone import OraclePolicy, Task, all_templates, tenfold_agent
from tenfold.tools.android import InProcessDevice, VirtualAndroid
from tenfold.tools.phone import Node


def ui_element(node: Node) -> Any:
    """As `representation_utils.UIElement`, from a node."""
    b = node.bounds
    box = SimpleNamespace(x_min=b.left, x_max=b.right, y_min=b.top, y_max=b.bottom)
    return SimpleNamespace(
        text=node.text or None, content_description=node.description or None, class_name=node.class_name,
        bbox_pixels=box, hint_text=node.hint or None, is_checked=node.checked, is_checkable=node.checkable,
        is_clickable=node.clickable, is_editable=node.editable, is_enabled=node.enabled, is_focused=node.focused,
        is_focusable=node.focusable, is_long_clickable=node.long_clickable, is_scrollable=node.scrollable,
        is_selected=node.selected, is_visible=node.displayed, package_name=node.package,
        resource_name=node.resource_id or None,
    )  # fmt: skip


@dataclass
class Environment:
    """The part of AndroidWorld's `AsyncEnv` that an agent uses."""

    android: VirtualAndroid

    def __post_init__(self) -> None:
        self.device, self.logical_screen_size, self.done = (
            InProcessDevice(self.android),
            self.android.size,
            [],
        )

    @property
    def foreground_activity_name(self) -> str:
        return "/".join(self.android.front)

    def get_state(self, wait_to_stabilize: bool = False) -> Any:
        seen = self.device.observe(screenshot=False)
        # Leaves, described and scrollable nodes, as AndroidWorld takes them; rows that take a touch too.
        nodes = [
            n for n in seen.tree.walk() if not n.children or n.description or n.scrollable or n.clickable
        ]
        return SimpleNamespace(ui_elements=[ui_element(n) for n in nodes], pixels=None)

    def execute_action(self, action: Any) -> None:
        self.done.append(action.action_type)
        match action.action_type:
            case "click":
                self.device.tap(action.x, action.y)
            case "open_app":
                self.device.open_app(action.app_name)
            case "navigate_back":
                self.device.key("back")
            case "answer":
                self.interaction_cache = action.text
            case other:
                raise ValueError(other)

    def reset(self, go_home: bool = False) -> None:
        self.done.clear()


@pytest.fixture
def android_world(monkeypatch: pytest.MonkeyPatch) -> None:
    class Base:
        def __init__(self, env: Any, name: str = "", transition_pause: float | None = 1.0) -> None:
            self.env, self.name, self._max_steps = env, name, None

        def set_max_steps(self, steps: int) -> None:
            self._max_steps = steps

        def reset(self, go_home: bool = False) -> None:
            self.env.reset(go_home)

    modules = {name: ModuleType(name) for name in (
        "android_world", "android_world.agents", "android_world.agents.base_agent", "android_world.env",
        "android_world.env.json_action")}  # fmt: skip
    base, actions = modules["android_world.agents.base_agent"], modules["android_world.env.json_action"]
    base.EnvironmentInteractingAgent = Base  # type: ignore[attr-defined]
    base.AgentInteractionResult = lambda done, data: SimpleNamespace(done=done, data=data)  # type: ignore[attr-defined]
    actions.JSONAction = SimpleNamespace  # type: ignore[attr-defined]
    modules["android_world.agents"].base_agent = base  # type: ignore[attr-defined]
    modules["android_world.env"].json_action = actions  # type: ignore[attr-defined]
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)


@pytest.mark.usefixtures("android_world")
@pytest.mark.parametrize(("name", "answers"), [("SettingsBluetooth", False), ("MailReadSeat", True)])
def test_a_task_is_played_to_its_end_within_the_steps(name: str, answers: bool) -> None:
    task = Task(all_templates().need(name), 0)
    android = VirtualAndroid()
    task.initialise(android)
    env = Environment(android)
    agent = tenfold_agent(env, OraclePolicy(task.oracle()), apps=list(android.labels()))
    agent.set_max_steps(20)
    result = agent.step(task.goal)
    assert result.done and task.success(android, getattr(env, "interaction_cache", ""))
    assert (env.done[-1] == "answer") == answers and env.done[0] == "open_app"
    assert agent.step(task.goal) is result  # the task is over


@pytest.mark.usefixtures("android_world")
def test_a_task_that_runs_out_of_steps_is_not_done() -> None:
    task = Task(all_templates().need("MailReadSeat"), 0)
    android = VirtualAndroid()
    task.initialise(android)
    agent = tenfold_agent(Environment(android), OraclePolicy(task.oracle()), apps=list(android.labels()))
    agent.set_max_steps(1)
    assert not agent.step(task.goal).done
    agent.reset()
    assert agent.ended is None


def test_without_androidworld_it_says_where_to_get_it() -> None:
    with pytest.raises(ConfigError, match="not installed"):
        tenfold_agent(None, OraclePolicy(Task(all_templates().need("MailStar"), 0).oracle()))
