"""The graph over task templates: the oracle, errors that modules recover, attacks, asking, figures."""

from __future__ import annotations

import math
from random import Random

import pytest

from tenfold.agents.coloragent import Decision, DecisionInput
from tenfold.errors import ConfigError
from tenfold.evals.phone import (
    ImperfectPolicy,
    Outcome,
    Rates,
    SimulatedUser,
    Task,
    Template,
    all_templates,
    compare_outcomes,
    imperfect_policy,
    judged,
    mcnemar,
    paired_difference,
    run_suite,
    run_task,
    summarise,
    table,
    wilson,
)
from tenfold.graphs.coloragent import Modules
from tenfold.tools.android import VirtualAndroid
from tenfold.tools.phone import Action

A_KIND = 24  # templates of each kind that are played here; the benchmark plays all


def sample(kind: str, most: int = A_KIND) -> list[Template]:
    """A fixed sample of the templates of a kind: every app has its turn, in the order of a seeded shuffle."""
    found = all_templates().all(kind=kind)  # type: ignore[arg-type]
    Random(0).shuffle(found)
    by_app: dict[str, list[Template]] = {}
    for template in found:
        by_app.setdefault(template.apps[0], []).append(template)
    turns = [group[i] for i in range(len(found)) for group in by_app.values() if i < len(group)]
    return turns[:most]


# --- the oracle ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["plain", "ask", "personal"])
def test_the_oracle_does_every_task_through_the_graph(kind: str) -> None:
    lost = [o for o in run_suite(sample(kind), [0]) if not (o.success and o.done)]
    assert lost == []


def test_needed_questions_are_asked_and_no_others() -> None:
    asking = sample("ask", 10)
    if not asking:
        pytest.skip("there are no templates that ask yet")
    s = summarise(run_suite(asking, [1]))
    assert s.ask_recall.value == 1.0 and s.ask_precision.value == 1.0
    unasked = summarise(run_suite(asking, [1], modules=Modules(ask=False)))
    assert unasked.ask_recall.value == 0.0 and unasked.success.value < s.success.value


# --- attacks ------------------------------------------------------------------------------------------------------


def test_no_attack_comes_through_while_the_user_refuses_what_they_did_not_ask_for() -> None:
    attacks = all_templates().all(kind="adversarial")
    for outcome in run_suite(attacks, [0]):
        assert not outcome.forbidden, outcome
        assert outcome.rejected or outcome.denied, outcome


def test_the_guard_is_what_stops_them() -> None:
    """A user who approves everything is robbed: the attacks are real, and the guard leaves the last word to people."""
    attacks = all_templates().all(kind="adversarial")
    if attacks:
        assert summarise(run_suite(attacks, [0], approvals="always")).attacks.value > 0.5


# --- errors and the modules that recover them ---------------------------------------------------------------------

# Named, so that a new template does not change what these errors meet.
WRITING = (
    "MailSend MailDraft MailReply MailForward MailReadSeat MailReadMeeting ShopChangeAddress ShopPoints FilesRename "
    "FilesNewFolder FilesCount ShopBuyExpressElsewhere"
).split()
TASKS = (
    "MailSend MailStar MailArchive MailDelete MailRestore MailReadSeat ShopAddToCart ShopRemoveFromCart ShopBuy "
    "ShopFavourite ShopPoints FilesMove FilesDelete FilesCount"
).split()
RECOVERS = [
    (Rates(early_stop=0.25), Modules(global_reflection=False)),
    (Rates(give_up=0.25), Modules(orchestrate=False)),
    (Rates(wrong_text=0.6), Modules(global_reflection=False)),
]


@pytest.mark.parametrize(("rates", "without"), RECOVERS, ids=["early_stop", "give_up", "wrong_text"])
def test_a_module_recovers_its_error(rates: Rates, without: Modules) -> None:
    templates = [all_templates().need(name) for name in (WRITING if rates.wrong_text else TASKS)]
    seeds = [0, 1] if rates.wrong_text else [0]
    whole = run_suite(templates, seeds, policy=imperfect_policy(rates), caller=judged(0.9))
    less = run_suite(templates, seeds, policy=imperfect_policy(rates), caller=judged(0.9), modules=without)
    found = compare_outcomes(whole, less)
    assert found.success.low > 0 and found.p < 0.05, found


def test_circles_are_cut_short_by_the_reflectors() -> None:
    templates, rates = [all_templates().need(name) for name in TASKS], Rates(circle=0.2, notice=0.0)
    off = Modules(action_reflection=False, trajectory_reflection=False)
    # No judge: the detectors alone.
    whole = run_suite(templates, [0], policy=imperfect_policy(rates))
    less = run_suite(templates, [0], policy=imperfect_policy(rates), modules=off)
    found = compare_outcomes(whole, less)
    assert found.success.low > 0 and found.steps.high < 0, found


def test_equal_seeds_give_equal_outcomes() -> None:
    templates = [all_templates().need(name) for name in TASKS[:4]]
    rates = Rates(wrong_tap=0.1, off_by_pixels=0.3, repeat=0.1, wrong_text=0.2, early_stop=0.05)
    one, two = (
        run_suite(templates, [2], policy=imperfect_policy(rates), caller=judged(0.8)) for _ in range(2)
    )
    for outcome in (*one, *two):
        outcome.seconds = 0.0
    assert one == two and any(o.errors for o in one)


class Steady:
    """Always the same decision."""

    wants_picture = False

    async def decide(self, asked: DecisionInput) -> Decision:
        return Decision(action=Action(kind="type", text="hello"))


async def test_a_mistyped_text_is_believed_until_somebody_contradicts(
    feedback: tuple[str, ...] = ("No.",),
) -> None:
    task = Task(all_templates().need("MailSend"), 0)
    from tenfold.tools.android import InProcessDevice

    android = VirtualAndroid()
    task.initialise(android)
    seen = InProcessDevice(android).observe(screenshot=False)
    policy = ImperfectPolicy(Steady(), Rates(wrong_text=1.0, heed=1.0, notice=0.0), seed=0)
    asked = DecisionInput(goal="", subtask="", observation=seen)
    wrong = (await policy.decide(asked)).action.text
    assert wrong != "hello" and sorted(wrong) == sorted("hello")
    assert (await policy.decide(asked)).action.text == wrong
    assert policy.last is None and [e.kind for e in policy.believed] == ["wrong_text"]
    told = DecisionInput(goal="", subtask="", observation=seen, feedback=feedback)
    assert (await policy.decide(told)).action.text == "hello"
    assert policy.believed == [] and policy.errors[0].seen == 3


def test_rates_that_are_no_chances_are_refused() -> None:
    with pytest.raises(ConfigError, match="wrong_tap=2"):
        Rates(wrong_tap=2)


# --- the simulated user -------------------------------------------------------------------------------------------


def test_the_user_approves_what_the_template_allows_and_nothing_else() -> None:
    task = Task(all_templates().need("MailSend"), 0)
    user = SimulatedUser(task, {"Mail": "org.tenfold.mail"})
    gated = {"kind": "approve_action", "said": "tap", "package": "org.tenfold.mail"}
    assert user.reply({**gated, "rule": "default:send", "classes": ["send"]})["action"] == "approve"
    assert user.reply({**gated, "rule": "default:pay", "classes": ["pay"]})["action"] == "reject"
    assert user.reply({**gated, "rule": "leave", "classes": []})["action"] == "approve"
    other = {**gated, "package": "org.other", "rule": "leave", "classes": []}
    assert user.reply(other)["action"] == "reject"
    assert "do not know" in user.reply({"kind": "ask_user", "question": "Which colour?"})["answer"]
    assert len(user.approved) == 2 and len(user.rejected) == 2 and user.asked == ["Which colour?"]


def test_a_policy_that_stops_at_once_is_measured_as_false_done() -> None:
    class Stops:
        wants_picture = False

        async def decide(self, asked: DecisionInput) -> Decision:
            return Decision(action=Action(kind="done"))

    outcome = run_task(Task(all_templates().need("MailSend"), 0), policy=lambda task: Stops())
    assert (outcome.success, outcome.done, outcome.touches) == (False, True, 0)
    assert summarise([outcome]).false_done.value == 1.0


# --- figures ------------------------------------------------------------------------------------------------------


def test_wilson_agrees_with_the_published_example() -> None:
    found = wilson(15, 148)  # Newcombe 1998, table I, row 2
    assert (round(found.low, 4), round(found.high, 4)) == (0.0624, 0.1605)
    assert wilson(0, 20).low == 0.0 and round(wilson(0, 20).high, 4) == 0.1611
    assert math.isnan(wilson(0, 0).value)


def test_mcnemar_is_the_exact_binomial() -> None:
    assert mcnemar([True] * 6 + [False], [False] * 6 + [False]) == pytest.approx(2 / 2**6)
    assert mcnemar([True, False], [False, True]) == 1.0
    assert mcnemar([], []) == 1.0


def test_paired_differences_are_resampled_by_template() -> None:
    first, second = [1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]
    apart = paired_difference(first, second, ["a", "b", "c", "d"], seed=1)
    together = paired_difference(first, second, ["a", "a", "b", "b"], seed=1)
    assert apart.value == together.value == 0.5
    assert together.high - together.low >= apart.high - apart.low


def test_only_outcomes_of_the_same_tasks_are_compared() -> None:
    a, b = Outcome("A:0", "A", "plain"), Outcome("B:0", "B", "plain")
    with pytest.raises(ValueError, match="same tasks"):
        compare_outcomes([a], [b])
    assert "| x | 1 | 0.000" in table([("x", [a])])
