"""Accessibility: axe-core over every pane in both themes, and the contrast of every pair of colours that is used."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from page_world import Server
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
QUESTION = "How does a ledger keep calls from being repeated?"
PANES = ("plan", "sources", "activity", "charts", "budget")
# Text colours and what they stand on, as in styles.css.
PAIRS = [
    *[(ink, ground) for ink in ("ink", "quiet", "main", "bad", "warn") for ground in ("bg", "paper")],
    *[(name, f"{name}-soft") for name in ("main", "good", "warn", "bad")],
    *[("quiet", "hover"), ("ink", "hover"), ("quiet", "main-soft"), ("ink", "main-soft"), ("main", "hover")],
    *[("on-main", "main"), ("on-mark", "mark")],
]
LUMINANCE = """
pairs => {
  const box = document.createElement("i");
  document.body.append(box);
  const light = name => {
    box.style.color = `var(--${name})`;
    const parts = getComputedStyle(box).color.match(/[0-9.]+/g).slice(0, 3).map(Number);
    const [r, g, b] = parts.map(c => c / 255).map(c => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const sorted = pairs.map(([a, b]) => [light(a), light(b)].sort((x, y) => y - x));
  const found = sorted.map(([x, y]) => (x + 0.05) / (y + 0.05));
  box.remove();
  return found;
}
"""


@pytest.fixture(scope="module")
def runs(shared_server: Server) -> dict[str, str]:
    """A steered and finished run with blocked engines, one that asks for approval, one with a chart, an unknown one."""
    server = shared_server
    server.hold()
    steered = server.begin("Which refused calls does a ledger keep?", limits={"tokens": 60_000})
    with server.client() as client:
        for text in ("exclude batteries", "undo c9"):
            client.post(f"/api/runs/{steered}/messages", json={"text": text}).raise_for_status()
    server.hold(False)
    made = {
        "steered": steered,
        "asked": server.begin(QUESTION, approve_plan=True),
        "chart": server.begin("How long are the rivers in km?", databases=[server.rivers()]),
        "other": server.begin("Ask me two things", "asking"),
    }
    for name, status in (("steered", "completed"), ("asked", "waiting_human"), ("chart", "completed")):
        server.wait(made[name], status)
    server.wait(made["other"], "waiting_human")
    return made


@pytest.fixture
def audit(page_source: Path) -> Iterator[Callable[[Any, str], None]]:
    """Checks what a page shows now; all findings of a test are told together."""
    script = (page_source / "node_modules" / "axe-core" / "axe.min.js").read_text()
    findings: dict[str, str] = {}

    def check(page: Any, where: str) -> None:
        if not page.evaluate("'axe' in window"):
            page.evaluate(script)
        page.wait_for_function(
            "() => document.getAnimations().every(a => a.effect.getTiming().iterations > 1)"
        )
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        for rule in found["violations"]:
            if rule["impact"] in ("serious", "critical"):
                nodes = "\n  ".join(f"{n['html'][:200]} {n['failureSummary']}" for n in rule["nodes"][:3])
                told = f"{where}: {rule['id']} ({rule['impact']}): {rule['help']}\n  {nodes}"
                findings.setdefault(rule["id"], told)
        assert len(found["passes"]) > 3, where  # it looked at something

    yield check
    assert not findings, "\n".join(findings.values())


@pytest.mark.parametrize(("theme", "width"), [("light", 1440), ("dark", 1440), ("light", 390)])
def test_axe_finds_nothing_serious_in_any_pane(
    theme: str, width: int, open_page: Callable[..., Any], server: Server, runs: dict[str, str], audit: Any
) -> None:
    page = open_page(color_scheme=theme, bypass_csp=True, viewport={"width": width, "height": 900})
    page.goto(server.url)
    expect(page.get_by_test_id("model").locator("option").first).to_be_attached()
    audit(page, "start")
    page.goto(f"{server.url}/#/runs/{runs['steered']}")
    expect(page.get_by_test_id("run")).to_have_attribute("data-ready", "true")
    for pane in PANES if width > 900 else ("chat", "report", *PANES):
        page.get_by_test_id(f"tab-{pane}").click()
        expect(page.get_by_test_id(f"pane-{pane}")).to_be_visible()
        audit(page, pane)
    if width < 900:
        page.get_by_test_id("tab-report").click()
    page.get_by_test_id("chip").first.click()
    expect(page.get_by_test_id("mark").first).to_be_visible()
    audit(page, "evidence")
    page.keyboard.press("Escape")
    page.get_by_test_id("history-open").click()
    page.get_by_test_id("forks").first.click()
    expect(page.get_by_test_id("history-run").first).to_be_visible()
    audit(page, "history")
    for run in ("steered", "chart"):
        page.locator(f"[data-testid=history-run][data-id='{runs[run]}']").get_by_test_id("choose").check()
    page.get_by_test_id("compare-open").click()
    expect(page.get_by_test_id("side-b")).to_be_visible()
    audit(page, "compare")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.get_by_test_id("help-open").click()
    expect(page.get_by_test_id("help")).to_be_visible()
    audit(page, "help")
    page.keyboard.press("Escape")
    page.goto(f"{server.url}/#/runs/{runs['asked']}")
    expect(page.get_by_test_id("approval")).to_be_visible()
    audit(page, "approval")
    page.get_by_test_id("approve-edit").click()
    audit(page, "approval, edited")
    page.goto(f"{server.url}/#/runs/{runs['other']}")
    expect(page.get_by_test_id("asked-count")).to_be_visible()
    audit(page, "a question of another graph")
    page.goto(f"{server.url}/#/runs/{runs['chart']}")
    page.get_by_test_id("tab-charts").click()
    expect(page.get_by_test_id("chart").first).to_be_visible()
    audit(page, "charts")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious_at_the_login(
    theme: str, open_page: Callable[..., Any], server: Server, audit: Any
) -> None:
    page = open_page(color_scheme=theme, bypass_csp=True)
    nobody = {"mode": "accounts", "user": None, "csrf": "", "oidc": "Example", "version": "0"}
    page.route(
        "**/api/session",
        lambda route: route.fulfill(json={**nobody, "uploads": {"megabytes": 1, "files": 1}}),
    )
    page.goto(server.url)
    expect(page.get_by_test_id("login")).to_be_visible()
    audit(page, "login")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_text_stands_out_from_its_ground(
    theme: str, open_page: Callable[..., Any], server: Server
) -> None:
    page = open_page(color_scheme=theme, bypass_csp=True)
    page.goto(server.url)
    expect(page.get_by_test_id("start")).to_be_visible()
    css = (Path(__file__).parents[3] / "web" / "page" / "src" / "styles.css").read_text()
    tokens = set(re.findall(r"--([a-z-]+):", css))
    assert {name for pair in PAIRS for name in pair} <= tokens
    ratios = page.evaluate(LUMINANCE, PAIRS)
    low = {
        f"{ink} on {ground}": round(r, 2) for (ink, ground), r in zip(PAIRS, ratios, strict=True) if r < 4.5
    }
    assert low == {}
