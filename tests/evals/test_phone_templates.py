"""Task templates: the oracle does each, faults lose none, and its check sees what is missing or damaged."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import get_args

import pytest

from tenfold.evals.phone import Task, Template, all_templates
from tenfold.evals.phone.play import Episode, play, play_with
from tenfold.tools.android import Faults, VirtualAndroid
from tenfold.tools.phone import Action, ActionClass, Observation, SafetyPolicy, classify_action, find_orders

ALL = all_templates().all()
HONEST = [t for t in ALL if t.kind != "adversarial"]
HOSTILE = [t for t in ALL if t.kind == "adversarial"]
KNOBS = [name for name in Faults.NAMES if name != "recycling"]
SHARE = 1 if os.environ.get("TENFOLD_PHONE_ALL") else 6  # one template in so many meets a knob
SEEDS = int(os.environ.get("TENFOLD_PHONE_ALL") or 1)


@pytest.fixture(scope="module")
def android() -> VirtualAndroid:
    return VirtualAndroid()


def names(templates: list[Template]) -> list[str]:
    return [t.name for t in templates]


def test_there_are_enough_of_each_kind() -> None:
    count = {
        kind: len(all_templates().all(kind=kind)) for kind in ("plain", "ask", "personal", "adversarial")
    }
    assert (
        count["plain"] >= 80 and count["ask"] >= 7 and count["personal"] >= 5 and count["adversarial"] >= 10
    )


# Bystanders


def _sql(package: str, statement: str) -> Callable[[VirtualAndroid], object]:
    return lambda android: android.db(package).execute(statement)


BYSTANDERS: dict[str, Callable[[VirtualAndroid], object]] = {
    "Clock": _sql("com.google.android.deskclock", "DELETE FROM alarms WHERE label = 'Medicine'"),
    "Contacts": _sql("com.google.android.contacts", "DELETE FROM contacts WHERE first = 'Uma'"),
    "Corner Shop": _sql(
        "org.tenfold.shop",
        "INSERT INTO orders (at, items, cents, address, card, delivery, status)"
        " VALUES ('', '1 x Kite', 1, '', '', 'Standard', 'Placed')",
    ),
    "Mail": _sql("org.tenfold.mail", "UPDATE mails SET folder = 'Trash' WHERE sender = 'Library'"),
    "Markor": lambda android: android.files.remove(
        "/storage/emulated/0/Documents/Markor/recipes/pancakes.md"
    ),
    "Settings": lambda android: android.toggle("system", "sound_effects_enabled"),
    "Simple Calendar Pro": _sql(
        "com.simplemobiletools.calendar.pro", "DELETE FROM events WHERE title = 'Yoga'"
    ),
    "Simple SMS Messenger": _sql(
        "com.simplemobiletools.smsmessenger", "DELETE FROM sms WHERE address = 'Telco'"
    ),
}
OURS = ("Settings", "Contacts", "Messages", "Clock", "Calendar", "Notes", "Across", "Ask", "Personal")


def _damage_bystanders(task: Task, episode: Episode, android: VirtualAndroid) -> None:
    """What was done is no success when something else of the task's apps was damaged."""
    done = android.snapshot()
    for app in set(task.template.apps) & set(BYSTANDERS):
        BYSTANDERS[app](android)
        assert not task.success(android, episode.answer), app
        android.restore(done)
    assert task.success(android, episode.answer)


@pytest.mark.parametrize("template", HONEST, ids=names(HONEST))
def test_its_oracle_does_it_and_nothing_done_is_no_success(
    template: Template, android: VirtualAndroid
) -> None:
    for seed in (0, 1):
        task = Task(template, seed)
        task.initialise(android)
        assert not task.success(android)
        episode = play(task, android=android)
        assert episode.success and episode.done and not episode.forbidden, episode.actions[-6:]
        assert episode.steps * 2 <= template.max_steps
        if template.kind == "ask":
            assert episode.asked and set(episode.asked) <= set(template.facts(task.params))
        if template.name.startswith(OURS) and "information_retrieval" not in template.tags:
            _damage_bystanders(task, episode, android)


@pytest.mark.parametrize("knob", KNOBS)
def test_no_fault_at_its_default_rate_loses_one(knob: str, android: VirtualAndroid) -> None:
    """A share of the templates in CI, each knob another; TENFOLD_PHONE_ALL=5 takes all of them, with 5 seeds."""
    faults, first = Faults.default(knob), KNOBS.index(knob) % SHARE
    for template in HONEST[first::SHARE]:
        for seed in range(SEEDS):
            episode = play(Task(template, seed), android=android, faults=faults)
            assert episode.success and episode.done, (template.name, seed, episode.actions[-6:])


def test_seeds_give_other_tasks_and_equal_seeds_the_same() -> None:
    for template in ALL:
        drawn = [Task(template, seed) for seed in range(12)]
        assert Task(template, 3).params == drawn[3].params and Task(template, 3).goal == drawn[3].goal
        if drawn[0].params:
            assert len({repr(task.params) for task in drawn}) > 1, template.name


def test_approvals_are_classes_of_actions() -> None:
    for template in ALL:
        assert template.approves <= set(get_args(ActionClass)), template.name


# What the goal must not give away

DECIDES = {
    "PersonalAlarmDays": "days",
    "PersonalChannel": "channel",
    "PersonalDelivery": "delivery",
    "PersonalNoteKind": "kind",
    "PersonalReminder": "reminder",
    "PersonalTea": "product",
}


@pytest.mark.parametrize("seed", range(6))
def test_goals_say_nothing_that_must_be_asked_or_is_in_the_profile(seed: int) -> None:
    assert set(DECIDES) == {t.name for t in ALL if t.kind == "personal"}
    for template in (t for t in ALL if t.kind in ("ask", "personal")):
        task = Task(template, seed)
        hidden = [task.params[DECIDES[template.name]]] if template.kind == "personal" else []
        hidden += template.facts(task.params).values()
        assert hidden and all(f" {words} " not in f" {task.goal} " for words in hidden), task.goal
        assert template.kind != "personal" or template.profile(task.params)


# Attacks


@pytest.mark.parametrize("template", HOSTILE, ids=names(HOSTILE))
def test_a_gullible_agent_does_what_is_forbidden(template: Template, android: VirtualAndroid) -> None:
    for seed in (0, 1):
        episode = play(Task(template, seed), android=android)
        assert episode.forbidden and episode.done and not episode.success


def _guarded(template: Template, android: VirtualAndroid, *, orders: bool) -> Episode:
    """The gullible oracle behind the policy: what is not simply allowed ends the task."""
    task, policy = Task(template, 0), SafetyPolicy()
    oracle = task.oracle()

    def choose(seen: Observation) -> Action:
        action = oracle.next(seen)
        element = next((e for e in seen.tree.elements() if e.n == action.element), None)
        chain = seen.tree.at(*element.node.bounds.center) if element is not None else ()
        classes = classify_action(action, chain, seen.package, seen.tree)
        anomalies = find_orders(seen.tree, task.goal) if orders else []
        judged = policy.judge(classes, seen.package, preapproved=template.approves, anomalies=anomalies)
        return action if judged.decision == "allow" else Action(kind="failed", text=judged.why)

    return play_with(choose, task, oracle=oracle, android=android)


@pytest.mark.parametrize("template", HOSTILE, ids=names(HOSTILE))
def test_the_policy_stops_it_by_what_the_act_is(template: Template, android: VirtualAndroid) -> None:
    """Without a look at the orders on the screen; the innocent part is done by then."""
    episode = _guarded(template, android, orders=False)
    assert not episode.forbidden and not episode.done and episode.success
    assert not _guarded(template, android, orders=True).forbidden
