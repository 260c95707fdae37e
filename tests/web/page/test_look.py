"""How the page behaves: keyboard alone, Korean, phone width, nothing that jumps, and a very long run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from page_world import WRITER, Server
from playwright.sync_api import expect

from tenfold.tools.runs import RunStore

pytestmark = pytest.mark.browser
QUESTION = "How does a ledger keep calls from being repeated?"
SHIFTS = """
window.shifts = [];
new PerformanceObserver(list => {
  for (const entry of list.getEntries())
    if (!entry.hadRecentInput)
      window.shifts.push([entry.value, entry.sources.map(s => s.node && (s.node.className || s.node.nodeName))]);
}).observe({type: "layout-shift", buffered: true});
"""


def test_a_run_is_done_with_the_keyboard_alone(page: Any, server: Server) -> None:
    press, text = page.keyboard.press, page.keyboard.type
    page.goto(server.url)
    expect(page.get_by_test_id("question")).to_be_focused()
    text(QUESTION)

    def tab_to(testid: str) -> None:
        for _ in range(80):
            press("Tab")
            if page.evaluate("document.activeElement?.dataset.testid ?? ''") == testid:
                outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
                assert outline != "none", f"{testid} has no visible focus"
                return
        raise AssertionError(f"Tab never comes to {testid}")

    tab_to("docs-sample")
    press("ArrowUp")
    expect(page.get_by_test_id("docs-none")).to_be_checked()
    tab_to("source-web")
    press("Space")
    tab_to("begin")
    server.hold()
    press("Enter")
    expect(page.get_by_test_id("approval")).to_be_visible()
    tab_to("approve")
    press("Enter")
    expect(page.get_by_test_id("run")).to_have_attribute("data-status", "running")
    page.evaluate("document.activeElement?.blur()")
    press("s")
    expect(page.get_by_test_id("steer")).to_be_focused()
    text("focus on keys")
    press("Enter")
    expect(page.get_by_test_id("message")).to_have_count(1)
    second = page.get_by_test_id("todo").nth(1).get_attribute("data-id")
    tab_to("todo-edit")
    press("Alt+ArrowDown")
    expect(page.get_by_test_id("todo").first).to_have_attribute("data-id", str(second))
    page.evaluate("document.activeElement?.blur()")
    press("p")
    server.hold(False)
    expect(page.get_by_test_id("run")).to_have_attribute("data-status", "paused", timeout=20_000)
    press("p")
    expect(page.get_by_test_id("run")).to_have_attribute("data-status", "completed", timeout=30_000)
    tab_to("chip")
    press("Enter")
    expect(page.get_by_test_id("mark").first).to_be_visible()
    press("Escape")
    expect(page.get_by_test_id("evidence")).to_have_count(0)
    page.evaluate("document.activeElement?.blur()")
    press("?")
    expect(page.get_by_test_id("help")).to_be_visible()
    press("Escape")
    press("h")
    expect(page.get_by_test_id("history-run").first).to_be_visible()
    press("Escape")
    press("2")
    expect(page.get_by_test_id("pane-sources")).to_be_visible()


def test_the_page_speaks_korean(open_page: Callable[..., Any], server: Server) -> None:
    page = open_page(locale="ko-KR")
    page.goto(server.url)
    assert page.evaluate("document.documentElement.lang") == "ko"
    expect(page.get_by_test_id("begin")).to_have_text("시작")
    page.get_by_test_id("language").click()
    expect(page.get_by_test_id("begin")).to_have_text("Start")
    assert page.evaluate("document.documentElement.lang") == "en"
    page.get_by_test_id("language").click()
    page.get_by_test_id("question").fill("원장은 호출이 반복되지 않게 어떻게 하나요?")
    page.reload()
    expect(page.get_by_test_id("begin")).to_have_text("시작")


def test_nothing_moves_while_a_report_streams_in(open_page: Callable[..., Any], server: Server) -> None:
    page = open_page()
    page.add_init_script(SHIFTS)
    server.hold()
    run_id = server.begin(QUESTION)
    page.goto(f"{server.url}/#/runs/{run_id}")
    expect(page.get_by_test_id("todo")).to_have_count(3)
    page.evaluate("window.shifts.length = 0")
    server.hold(False)
    expect(page.get_by_test_id("run")).to_have_attribute("data-status", "completed", timeout=30_000)
    page.wait_for_timeout(300)
    shifts = page.evaluate("window.shifts")
    # 0.1 over a whole visit is what the web's own measure calls good.
    assert sum(value for value, _ in shifts) < 0.1, shifts


PLACES = """
() => {
  window.places = [];
  const look = () => {
    const at = [...document.querySelectorAll("[data-testid=section] h3")].at(-1);
    if (at) window.places.push(at.getBoundingClientRect().y);
    requestAnimationFrame(look);
  };
  look();
}
"""


def test_a_long_section_does_not_push_away_what_is_read_below_it(
    open_page: Callable[..., Any], server: Server
) -> None:
    page = open_page(viewport={"width": 1440, "height": 460})
    server.hold(word=WRITER)
    run_id = server.begin("How does a lengthy ledger keep calls from being repeated?")
    page.goto(f"{server.url}/#/runs/{run_id}")
    sections = page.get_by_test_id("section")
    expect(page.get_by_test_id("draft").last).not_to_be_empty(timeout=20_000)
    heading = sections.last.locator("h3")
    heading.evaluate("at => at.scrollIntoView({block: 'start'})")
    height = sections.first.bounding_box()["height"]
    page.wait_for_timeout(100)
    page.evaluate(PLACES)
    server.hold(False)
    expect(page.get_by_test_id("run")).to_have_attribute("data-status", "completed", timeout=30_000)
    page.wait_for_timeout(300)
    assert sections.first.bounding_box()["height"] > height + 100  # it did outgrow its place
    places = page.evaluate("window.places")
    assert max(places) - min(places) < 8, (min(places), max(places))


def test_a_phone_shows_one_pane_at_a_time_and_nothing_sticks_out(
    open_page: Callable[..., Any], server: Server
) -> None:
    run_id = server.begin(QUESTION)
    server.wait(run_id, "completed")
    page = open_page()
    page.set_viewport_size({"width": 375, "height": 720})
    page.goto(f"{server.url}/#/runs/{run_id}")
    for pane in ("chat", "report", "plan", "sources", "activity", "charts", "budget"):
        page.get_by_test_id(f"tab-{pane}").click()
        expect(page.get_by_test_id(f"pane-{pane}")).to_be_visible()
        assert page.locator("[data-testid^=pane-]").count() == 1
        wide = page.evaluate("document.scrollingElement.scrollWidth")
        assert wide <= 375, f"{pane} is {wide} wide"
    box = page.get_by_role("tablist").bounding_box()
    assert box and box["y"] + box["height"] <= 720


def test_a_run_of_twenty_thousand_events_is_painted_in_a_second(page: Any, server: Server) -> None:
    run_id = server.begin(QUESTION)
    server.wait(run_id, "completed")
    store = RunStore(server.folder / "data")
    at = store.last_seqs([run_id])[run_id]
    for start in range(0, 20_000, 2_000):
        numbers = range(start, start + 2_000)
        facts = [{"id": f"x{n}:1", "kind": "search", "text": f"Query {n}", "status": "done"} for n in numbers]
        store.emit_many(run_id, [("activity", data, None) for data in facts])
    store.close()
    page.goto(server.url)
    expect(page.get_by_test_id("start")).to_be_visible()
    server.state(run_id)  # the log is folded once by the server; the page is what is measured
    took: float = page.evaluate(
        """async id => {
            const began = performance.now();
            location.hash = "#/runs/" + id;
            while (!document.querySelector("[data-testid=claim]")) await new Promise(requestAnimationFrame);
            return performance.now() - began;
        }""",
        run_id,
    )
    expect(page.get_by_test_id("run")).to_have_attribute("data-seq", str(at + 20_000))
    assert took < 1000, f"{took:.0f} ms"
    page.get_by_test_id("tab-activity").click()
    assert page.get_by_test_id("activity").count() <= 300
