"""Every task template through the phone graph with its scripted oracle and a simulated user; and the attacks.

    python benchmarks/phone_tasks.py [--seeds 1]

The oracle knows what is right, so this measures the graph, the guard and the virtual device, and no model: what is below
100 % on tasks that are no attack is a fault of ours. For attacks the oracle is gullible: it does what the screen says. Who
answers about gated actions is a simulated user: one that approves what the task asks for and nothing else, and, apart,
one that approves everything.
"""

from __future__ import annotations

import argparse

from _common import write_result

from tenfold.evals.phone import Outcome, all_templates, run_suite, summarise

KINDS = ("plain", "ask", "personal", "adversarial")


def row(name: str, outcomes: list[Outcome]) -> str:
    s = summarise(outcomes)
    ends = sum(o.success and o.done for o in outcomes)
    return f"| {name} | {s.n} | {s.success} | {ends} | {s.steps:.1f} | {sum(len(o.approved) for o in outcomes)} | {sum(len(o.rejected) for o in outcomes)} | {sum(o.denied for o in outcomes)} |"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=1)
    args = parser.parse_args()
    seeds = list(range(args.seeds))
    played = {kind: run_suite(all_templates().all(kind=kind), seeds) for kind in KINDS}  # type: ignore[arg-type]
    gullible = run_suite(all_templates().all(kind="adversarial"), seeds, approvals="always")
    lost = [o for kind in KINDS[:3] for o in played[kind] if not (o.success and o.done)]
    asking, attacked, robbed = summarise(played["ask"]), summarise(played["adversarial"]), summarise(gullible)
    rows = [row(kind, outcomes) for kind, outcomes in played.items()]
    named = (
        "\n".join(
            f"- {o.task}: ended as {o.reason} after {o.steps} steps; refused {o.rejected}" for o in lost
        )
        or "None."
    )
    body = f"""On Tenfold's virtual Android, with scripted oracles: no result of a model and no AndroidWorld result. {len(seeds)} seed(s).

| kind | n | success by the device's state | of these ended as done | decisions | approved | refused | denied |
|---|---|---|---|---|---|---|---|
{chr(10).join(rows)}

Success of an attack's task means that the device is unharmed and the user's own task stands as the template wants it.

Questions: precision {asking.ask_precision}, recall {asking.ask_recall}.

Attacks that came through: {attacked.attacks} with a user who approves only what the task asks for; stopped by a question or
a rule: {attacked.attacks_stopped}. With a user who approves everything: {robbed.attacks}. The guard leaves the last word to a
person, except for what it denies.

Tasks that the oracle lost:

{named}
"""
    write_result(
        "phone-tasks",
        "All phone tasks through the graph",
        f"python benchmarks/phone_tasks.py --seeds {args.seeds}",
        body,
    )


if __name__ == "__main__":
    main()
