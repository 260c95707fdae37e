"""Which module of the phone graph recovers which error.

    python benchmarks/phone_ablation.py [--seeds 3] [--templates 45] [--accuracy 0.9]

The policy is each task's oracle with errors at stated rates (`evals/phone/policies.py` says what is assumed of it). Where
the graph would ask a model to judge, a scripted judge answers that knows the truth and errs at a stated rate; the
deterministic rungs come first, as they do in the graph. Every arm plays the same tasks with the same draws of errors at
the same places. The guard has no switch and is on everywhere; the user approves what the task's template allows.
"""

from __future__ import annotations

import argparse
import json
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from random import Random

from _common import SEED, write_result

from tenfold.evals.phone import (
    Outcome,
    Rates,
    all_templates,
    compare_outcomes,
    imperfect_policy,
    judged,
    run_suite,
    summarise,
)
from tenfold.graphs.coloragent import Modules

SWITCHES = ("action_reflection", "trajectory_reflection", "global_reflection", "orchestrate")
UNUSED = {"personalise": False, "retrieve": False}  # nothing is kept about this user
MIXED = Rates(
    wrong_tap=0.05, off_by_pixels=0.1, repeat=0.05, circle=0.03, early_stop=0.05, give_up=0.03, wrong_text=0.1
)
ONE_KIND = {
    "wrong_tap": Rates(wrong_tap=0.15),
    "off_by_pixels": Rates(off_by_pixels=0.3),
    "repeat": Rates(repeat=0.15),
    "circle": Rates(circle=0.1),
    "early_stop": Rates(early_stop=0.1),
    "give_up": Rates(give_up=0.1),
    "wrong_text": Rates(wrong_text=0.4),
}
ALL_ON = dict.fromkeys(SWITCHES, True)
ALL_OFF = dict.fromkeys(SWITCHES, False)
ARMS: dict[str, dict[str, bool]] = {
    "all on": ALL_ON,
    **{f"without {name}": {**ALL_ON, name: False} for name in SWITCHES},
    "bare loop": ALL_OFF,
    **{f"only {name}": {**ALL_OFF, name: True} for name in SWITCHES},
}


def chosen(most: int) -> list[str]:
    """Plain templates, every app in its turn, in the order of a seeded shuffle."""
    found = [t for t in all_templates().all(kind="plain") if len(t.apps) == 1]
    Random(SEED).shuffle(found)
    groups: dict[str, list[str]] = {}
    for template in found:
        groups.setdefault(template.apps[0], []).append(template.name)
    turns = [group[i] for i in range(len(found)) for group in groups.values() if i < len(group)]
    return sorted(turns[:most])


def play(
    names: list[str], seeds: list[int], rates: Rates, switches: dict[str, bool], accuracy: float
) -> list[Outcome]:
    templates = [all_templates().need(name) for name in names]
    modules = Modules(**UNUSED, **switches)
    return run_suite(
        templates, seeds, policy=imperfect_policy(rates), caller=judged(accuracy), modules=modules
    )


def arms_table(played: dict[str, list[Outcome]], against: str, first: str) -> str:
    rows = [
        "| arm | n | success | done but not so | steps | judge calls | difference in success | p (McNemar) | difference in steps |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, outcomes in played.items():
        s = summarise(outcomes)
        row = f"| {name} | {s.n} | {s.success} | {s.false_done} | {s.steps:.1f} | {s.calls:.1f} |"
        base = against if name == first or name.startswith("without") else "bare loop"
        if name == base:
            rows.append(f"{row} | | |")
            continue
        c = compare_outcomes(outcomes, played[base], seed=SEED)
        rows.append(f"{row} {c.success} to {base} | {c.p:.4f} | {c.steps} |")
    return "\n".join(rows) + "\n"


def kinds_table(played: dict[tuple[str, str], list[Outcome]]) -> str:
    head = ["error", "tasks with it", "bare loop", "all on", *(f"only {name}" for name in SWITCHES)]
    rows = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    for kind in ONE_KIND:
        bare = played[kind, "bare loop"]
        cells = [kind, str(sum(bool(o.errors) for o in bare)), f"{summarise(bare).success.value:.3f}"]
        for arm in ("all on", *(f"only {name}" for name in SWITCHES)):
            c = compare_outcomes(played[kind, arm], bare, seed=SEED)
            mark = "**" if c.success.low > 0 and c.p < 0.05 else ""
            steps = f"; steps {c.steps.value:+.1f} [{c.steps.low:+.1f}, {c.steps.high:+.1f}]"
            cells.append(
                f"{mark}{c.success.value:+.3f} [{c.success.low:+.3f}, {c.success.high:+.3f}]{mark}{steps}"
            )
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


def verdicts(played: dict[tuple[str, str], list[Outcome]]) -> str:
    """What the study says of each module, derived from the figures."""
    lines: list[str] = []
    for name in SWITCHES:
        better = [
            kind for kind in ONE_KIND
            if (c := compare_outcomes(played[kind, f"only {name}"], played[kind, "bare loop"], seed=SEED)).success.low > 0
            and c.p < 0.05
        ]  # fmt: skip
        if better:
            lines.append(f"- `{name}` alone raises the success significantly with: {', '.join(better)}.")
        else:
            lines.append(f"- `{name}` alone raises the success significantly with no single kind of error.")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--templates", type=int, default=45)
    parser.add_argument("--accuracy", type=float, default=0.9)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--raw", type=Path, help="write each outcome as a JSON line here")
    args = parser.parse_args()
    names, seeds, began = chosen(args.templates), list(range(args.seeds)), time.monotonic()
    kinds_arms = ("bare loop", "all on", *(f"only {name}" for name in SWITCHES))
    jobs = {("mixed", arm): (MIXED, switches) for arm, switches in ARMS.items()}
    jobs |= {(kind, arm): (rates, ARMS[arm]) for kind, rates in ONE_KIND.items() for arm in kinds_arms}
    with ProcessPoolExecutor(args.processes) as pool:
        waiting = {
            key: pool.submit(play, names, seeds, rates, switches, args.accuracy)
            for key, (rates, switches) in jobs.items()
        }
        played = {key: future.result() for key, future in waiting.items()}
    if args.raw:
        args.raw.write_text(
            "".join(json.dumps({"arm": key, **_plain(o)}) + "\n" for key, os in played.items() for o in os)
        )
    mixed = {arm: played["mixed", arm] for arm in ARMS}
    command = f"python benchmarks/phone_ablation.py --seeds {args.seeds} --templates {args.templates} --accuracy {args.accuracy}"
    write_result("phone-ablation", "Which module of the phone graph recovers which error", command, body(
        names, args.seeds, args.accuracy, arms_table(mixed, "all on", "bare loop"), kinds_table(played), verdicts(played),
        time.monotonic() - began,
    ))  # fmt: skip


def _plain(outcome: Outcome) -> dict[str, object]:
    return {name: getattr(outcome, name) for name in Outcome.__dataclass_fields__}


def body(
    names: list[str], seeds: int, accuracy: float, mixed: str, kinds: str, said: str, seconds: float
) -> str:
    return f"""On Tenfold's virtual Android, with a scripted policy: this is a study of the graph's modules, no result of a model and no
AndroidWorld result. {len(names)} templates with one app x {seeds} seeds = {len(names) * seeds} tasks an arm; {seconds / 60:.0f} minutes.

The policy is each task's oracle with seeded errors. An error is believed until feedback contradicts it (seen then with
chance {MIXED.heed}) or the policy notices it by itself (chance {MIXED.notice} a decision); `evals/phone/policies.py` has the
whole of it. What a module is worth here follows from these assumptions: in particular the oracle underneath finds its
way back from any screen by itself, which models do not, so the worth of reflecting on an action is a lower bound.
Where the graph asks a model, a scripted judge that knows the truth answers rightly with chance {accuracy}.
Success is by the device's state, with Wilson's 95 % interval; differences are paired, with a 95 % bootstrap interval
over templates; no correction for the number of comparisons.

## All errors together

Rates: {_rates(MIXED)}. Arms "without" are compared to "all on", the others to the bare loop.

{mixed}
## One kind of error at a time

Rates: {"; ".join(_rates(r) for r in ONE_KIND.values())}. Success of the bare loop, then the difference in success to it and in
steps; bold where the interval is above 0 and p < 0.05.

{kinds}
{said}
Not measured here: personalise, classify, retrieve, hand_over and ask. An oracle knows the user's wishes, the apps and
what it read; without errors of that kind these modules can bring nothing, and none are simulated. `orchestrate` counts
for its second try of a part that was given up; these tasks are not parted.
"""


def _rates(rates: Rates) -> str:
    names = ("wrong_tap", "off_by_pixels", "repeat", "circle", "early_stop", "give_up", "wrong_text")
    return ", ".join(f"{name} {getattr(rates, name)}" for name in names if getattr(rates, name))


if __name__ == "__main__":
    main()
