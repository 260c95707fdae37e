"""What a person reads: citations, sources, caps, exports, hostile pages, engines that refuse."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import httpx
import pytest
from page_world import HOSTILE, WRITER, Server
from playwright.sync_api import expect

from tenfold.tools.runs import RunStore

pytestmark = pytest.mark.browser
QUESTION = "How does a ledger keep calls from being repeated?"


def finished(page: Any, server: Server, question: str = QUESTION, **options: Any) -> str:
    run_id = server.begin(question, **options)
    server.wait(run_id, "completed")
    page.goto(f"{server.url}/#/runs/{run_id}")
    expect(page.get_by_test_id("pane-report")).to_have_attribute("data-final", "true")
    return run_id


def test_every_citation_opens_its_quote_marked_in_the_stored_text(page: Any, server: Server) -> None:
    run_id = finished(page, server)
    chips = page.get_by_test_id("chip")
    assert chips.count() >= 3
    store = RunStore(server.folder / "data")
    evidence = store.evidence(run_id)
    texts = {e.quote: kept.text for e in evidence if (kept := store.snapshot(e.snapshot))}
    for n in range(chips.count()):
        chips.nth(n).click()
        drawer = page.get_by_test_id("evidence")
        expect(drawer.get_by_test_id("mark").first).to_be_visible()
        for mark in drawer.get_by_test_id("mark").all():
            quote = mark.text_content()
            expect(mark).to_be_in_viewport()
            assert quote in texts
            shown = mark.locator("xpath=..").text_content()
            assert shown in texts[quote] or texts[quote].startswith(shown[:50])
        page.keyboard.press("Escape")
        expect(drawer).to_have_count(0)
        expect(chips.nth(n)).to_be_focused()
    store.close()


def test_a_section_is_seen_while_it_is_written(page: Any, server: Server) -> None:
    server.hold(word=WRITER)
    run_id = server.begin(QUESTION)
    page.goto(f"{server.url}/#/runs/{run_id}")
    drafts = page.get_by_test_id("draft")
    expect(drafts.first).to_contain_text("According to the source", timeout=20_000)
    half = drafts.first.inner_text()
    page.reload()
    expect(drafts.first).to_have_text(half)
    expect(page.get_by_test_id("section").first).to_have_attribute("data-status", "writing")
    assert page.get_by_test_id("chip").count() == 0  # nothing unchecked is cited
    server.hold(False)
    expect(page.get_by_test_id("run")).to_have_attribute("data-status", "completed", timeout=30_000)
    expect(drafts).to_have_count(0)
    expect(page.get_by_test_id("section").first).to_have_attribute("data-status", "final")


def test_a_quote_that_was_tampered_with_is_told(page: Any, server: Server) -> None:
    run_id = finished(page, server)
    with sqlite3.connect(next((server.folder / "data").glob("*.db"))) as db:
        db.execute("UPDATE evidence SET quote = 'It never happened.' WHERE run_id = ?", (run_id,))
    page.get_by_test_id("chip").first.click()
    expect(page.get_by_test_id("stands").first).to_have_class("badge rejected")
    expect(page.get_by_test_id("mark").first).to_have_text("It never happened.")


def test_scripts_in_a_fetched_page_are_inert(page: Any, server: Server) -> None:
    run_id = finished(page, server, "What does the hostile ledger page say about injection?")
    state = server.state(run_id)["state"]
    assert HOSTILE in {s["url"] for s in state["sources"].values()}
    hostile = next(s["id"] for s in state["sources"].values() if s["url"] == HOSTILE)
    page.get_by_test_id("tab-sources").click()
    row = page.get_by_test_id("source").filter(has_text="hostile.example")
    row.locator("button.link").click()
    expect(page.get_by_test_id("evidence")).to_contain_text("<script>window.pwned = 1</script>")
    assert page.evaluate("window.pwned") is None
    assert page.locator("#root script, #root img[src='x']").count() == 0
    assert page.locator("a[href^='javascript']").count() == 0
    for link in page.locator("a[target=_blank]").all():
        assert link.get_attribute("rel") == "noopener noreferrer"
    assert hostile
    answer = httpx.get(server.url)
    assert "unsafe-inline" not in answer.headers["content-security-policy"]


def test_a_source_is_excluded_and_used_again(page: Any, server: Server) -> None:
    server.hold(word="aspect")  # in the sub-question of the second loop
    run_id = server.begin(QUESTION)
    page.goto(f"{server.url}/#/runs/{run_id}")
    page.get_by_test_id("tab-sources").click()
    row = page.get_by_test_id("source").first
    row.get_by_test_id("exclude").click()
    expect(row.get_by_test_id("exclude")).to_be_disabled()
    server.hold(False)
    expect(page.locator("[data-testid=source][data-out=true]")).to_have_count(1, timeout=30_000)
    state = server.wait(run_id, "completed")["state"]
    out = next(s for s in state["sources"].values() if s["hidden_by"])
    cited = {e for s in state["sections"].values() for c in s["claims"] for e in c["evidence"]}
    assert not cited & set(out["evidence"])


def test_a_refusing_engine_is_shown_and_the_run_goes_on(page: Any, server: Server) -> None:
    finished(page, server, "Which refused calls does a ledger keep?")
    page.get_by_test_id("tab-sources").click()
    expect(page.get_by_test_id("blocked")).to_contain_text("duckduckgo")
    expect(page.get_by_test_id("blocked")).to_contain_text("403")
    assert page.get_by_test_id("claim").count() >= 1


def test_a_token_cap_set_in_the_run_ends_it_with_a_partial_report(page: Any, server: Server) -> None:
    server.hold()
    run_id = server.begin(QUESTION)
    page.goto(f"{server.url}/#/runs/{run_id}")
    expect(page.get_by_test_id("todo")).to_have_count(3)
    page.get_by_test_id("budget-strip").click()
    page.get_by_test_id("cap-tokens").fill("2500")
    page.get_by_test_id("cap-set-tokens").click()
    expect(page.get_by_test_id("budget-tokens")).to_contain_text("waits for the next step")
    server.hold(False)
    expect(page.get_by_test_id("run")).to_have_attribute("data-status", "completed", timeout=30_000)
    expect(page.get_by_test_id("used-tokens")).to_contain_text("/ 2,500")
    state = server.state(run_id)["state"]
    assert state["report"]["about"]["stop_reason"] == "budget"
    spent = [call.input_tokens + call.output_tokens for call in server.calls(run_id) if call.kind == "llm"]
    assert state["budget"]["tokens"]["used"] == sum(spent)
    assert sum(spent) <= 2500 + max(spent)  # the cap and one call
    expect(page.get_by_test_id("pane-report")).to_have_attribute("data-final", "true")


@pytest.mark.parametrize(
    ("kind", "start"), [("md", b"#"), ("html", b"<!"), ("docx", b"PK"), ("pdf", b"%PDF")]
)
def test_the_report_is_exported(kind: str, start: bytes, page: Any, server: Server, tmp_path: Path) -> None:
    finished(page, server)
    with page.expect_download() as download:
        page.get_by_test_id(f"export-{kind}").click()
    path = tmp_path / "report"
    download.value.save_as(path)
    assert path.read_bytes().lstrip().startswith(start)


def test_numbers_of_a_database_become_a_chart(page: Any, server: Server) -> None:
    run_id = server.begin("How long are the rivers in km?", databases=[server.rivers()])
    server.wait(run_id, "completed")
    page.goto(f"{server.url}/#/runs/{run_id}")
    page.get_by_test_id("tab-charts").click()
    image = page.get_by_test_id("chart").first.locator("img")
    image.scroll_into_view_if_needed()
    page.wait_for_function("() => document.querySelector('figure img').complete")
    assert image.evaluate("image => image.naturalWidth") > 100


def test_history_forks_and_compares(page: Any, server: Server) -> None:
    run_id = finished(page, server)
    page.get_by_test_id("history-open").click()
    row = page.locator(f"[data-testid=history-run][data-id='{run_id}']")
    row.get_by_test_id("forks").click()
    expect(page.get_by_test_id("checkpoint").first).to_be_visible()
    page.get_by_test_id("checkpoint").nth(page.get_by_test_id("checkpoint").count() // 2).get_by_test_id(
        "fork"
    ).click()
    expect(page.get_by_test_id("history")).to_have_count(0)
    page.wait_for_function("id => !location.hash.endsWith(id)", arg=run_id)
    forked = page.evaluate("location.hash.split('/').pop()")
    assert server.wait(forked, "completed", "paused", "waiting_human")["run"]["parent"] == run_id
    page.get_by_test_id("history-open").click()
    for one in (run_id, forked):
        page.locator(f"[data-testid=history-run][data-id='{one}']").get_by_test_id("choose").check()
    page.get_by_test_id("compare-open").click()
    expect(page.get_by_test_id("side-a")).to_contain_text(QUESTION)
    expect(page.get_by_test_id("side-b")).to_contain_text(QUESTION)
    expect(page.get_by_test_id("shared")).to_contain_text("in both")


def test_a_run_is_started_with_an_upload_from_the_form(page: Any, server: Server) -> None:
    page.goto(server.url)
    page.get_by_test_id("question").fill(QUESTION)
    page.get_by_test_id("docs-upload").check()
    page.get_by_test_id("file").set_input_files(
        [{"name": "notes.md", "mimeType": "text/markdown", "buffer": b"A ledger has keys. Keys are long."}]
    )
    expect(page.get_by_test_id("upload")).to_contain_text("notes.md")
    expect(page.get_by_test_id("upload").get_by_role("radio")).to_be_checked()
    page.get_by_test_id("docs-none").check()
    expect(page.get_by_test_id("begin")).to_be_disabled()
    page.get_by_test_id("source-web").check()
    page.get_by_test_id("approve-plan").check()
    page.get_by_test_id("start-cap-tokens").fill("50000")
    page.get_by_test_id("begin").click()
    expect(page.get_by_test_id("approval")).to_be_visible()
    run_id = page.evaluate("location.hash.split('/').pop()")
    given = server.state(run_id)["run"]["input"]
    assert given["options"]["limits"]["tokens"] == 50000 and given["web"] and given["options"]["approve_plan"]
    page.get_by_test_id("stop").click()
    page.get_by_test_id("stop-yes").click()
    expect(page.get_by_test_id("run")).to_have_attribute("data-status", "cancelled")
