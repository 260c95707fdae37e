"""Before and after a run: the form that begins it, what its report admits, and going on with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from page_world import Server
from playwright.sync_api import expect

from tenfold.tools.runs import RunStore

pytestmark = pytest.mark.browser
QUESTION = "How does a ledger keep calls from being repeated?"


def show(page: Any, server: Server, run_id: str) -> None:
    page.goto(f"{server.url}/#/runs/{run_id}")
    expect(page.get_by_test_id("run")).to_have_attribute("data-ready", "true")


def say(page: Any, text: str) -> None:
    page.get_by_test_id("steer").fill(text)
    page.get_by_test_id("send").click()


def opened_after(page: Any, run_id: str) -> str:
    page.wait_for_function("id => !location.hash.endsWith(id)", arg=run_id)
    return page.evaluate("location.hash.split('/').pop()")


def test_a_finished_run_is_gone_on_with_and_keeps_what_was_found(page: Any, server: Server) -> None:
    run_id = server.begin(QUESTION)
    before = server.wait(run_id, "completed")["state"]
    show(page, server, run_id)
    expect(page.get_by_test_id("steer")).to_have_attribute("placeholder", "Go on with this research …")
    say(page, "add a task about disks of a ledger")
    fork = opened_after(page, run_id)
    message = page.get_by_test_id("message").last
    expect(message).to_contain_text("add a task about disks of a ledger")
    expect(message).to_have_attribute("data-status", "applied", timeout=30_000)
    expect(message.get_by_test_id("effect")).to_contain_text("added")
    lineage = page.get_by_test_id("lineage").locator("a")
    expect(lineage).to_have_attribute("href", f"#/runs/{run_id}")
    found = server.wait(fork, "completed")
    assert found["run"]["parent"] == run_id
    after = found["state"]
    assert set(before["evidence"]) <= set(after["evidence"])
    paid, again = ([call.key for call in server.calls(one)] for one in (run_id, fork))
    assert set(paid) <= set(again) and len(again) == len(set(again))  # nothing is paid for twice
    titles = [item["title"] for item in after["todo"]["items"]]
    assert titles[: len(before["todo"]["items"])] == [item["title"] for item in before["todo"]["items"]]
    assert any("disks" in title for title in titles)
    assert next(iter(after["messages"].values()))["seq"] == 1
    assert server.state(run_id)["state"] == before  # the old run stays as it was
    lineage.click()
    expect(page.get_by_test_id("run")).to_have_attribute("data-status", "completed")
    expect(page.get_by_test_id("message")).to_have_count(0)


def test_a_stopped_run_is_gone_on_with_where_it_was(page: Any, server: Server) -> None:
    server.hold()
    run_id = server.begin(QUESTION)
    show(page, server, run_id)
    expect(page.get_by_test_id("todo")).to_have_count(3)
    page.get_by_test_id("stop").click()
    page.get_by_test_id("stop-yes").click()
    expect(page.get_by_test_id("run")).to_have_attribute("data-status", "cancelled")
    server.hold(False)
    say(page, "exclude batteries")
    fork = opened_after(page, run_id)
    expect(page.get_by_test_id("run")).to_have_attribute("data-status", "completed", timeout=30_000)
    expect(page.get_by_test_id("message")).to_have_attribute("data-status", "applied")
    state = server.state(fork)["state"]
    assert [rule["status"] for rule in state["constraints"]] == ["active"]
    assert server.state(run_id)["run"]["status"] == "cancelled"


def test_a_run_without_a_checkpoint_says_that_it_cannot_be_gone_on_with(page: Any, server: Server) -> None:
    run_id = server.begin(QUESTION)
    server.wait(run_id, "completed")
    show(page, server, run_id)
    page.route("**/checkpoints", lambda route: route.fulfill(json={"checkpoints": []}))
    say(page, "and disks?")
    expect(page.get_by_test_id("notices")).to_contain_text("no checkpoint")
    expect(page.get_by_test_id("steer")).to_have_value("and disks?")  # nothing that was written is lost


def test_the_report_admits_what_its_exports_admit(open_page: Callable[..., Any], server: Server) -> None:
    server.hold()
    run_id = server.begin("Which refused calls does a ledger keep?")
    with server.client() as client:
        for text in ("exclude batteries", "undo c9"):
            client.post(f"/api/runs/{run_id}/messages", json={"text": text}).raise_for_status()
    server.hold(False)
    server.wait(run_id, "completed")
    report = httpx.get(f"{server.url}/api/runs/{run_id}/report.json").json()
    facts = report["about"]
    page = open_page()
    show(page, server, run_id)
    about = page.get_by_test_id("about")
    expect(about).to_contain_text(f"Model: {facts['model']}.")
    loops = f"after {facts['loops']} loop"
    expect(about).to_contain_text(loops)
    expect(about).to_contain_text(f"{facts['claims']} statements, {facts['extractive_claims']} of them")
    assert (f"{facts['dropped_claims']} failed the citation check" in about.inner_text()) == bool(
        facts["dropped_claims"]
    )
    expect(about).to_contain_text(f"{facts['calls']['llm']} model calls")
    expect(about).to_contain_text(f"{facts['calls']['search']} searches, {facts['calls']['fetch']} page")
    expect(about.get_by_test_id("about-blocked")).to_contain_text("duckduckgo (HTTP 403")
    steering = about.get_by_test_id("about-steering").locator("li")
    expect(steering).to_have_count(2)
    expect(steering.first).to_contain_text("rule c1")
    expect(steering.last).to_contain_text(report["steering"][1]["reason"])
    page.get_by_test_id("language").click()
    expect(about).to_contain_text(f"문장 {facts['claims']}개 중 {facts['extractive_claims']}개")
    expect(about).to_contain_text("이 보고서에 대하여")


def test_open_items_gaps_and_disagreements_are_shown_with_their_quotes(page: Any, server: Server) -> None:
    """The report of a run whose document is given: what the scripted model never makes."""
    run_id = server.begin(QUESTION)
    state = server.wait(run_id, "completed")["state"]
    first, second, *_ = state["evidence"].values()
    pair = [{"evidence": e["id"], "quote": e["quote"], "ref": n} for n, e in enumerate((first, second), 1)]
    changes = {
        "/report/open": [{"id": "t9", "title": "Who pays?", "status": "failed", "note": "nothing found"}],
        "/report/gaps": ["The price of a ledger."],
        "/report/disagreements": [pair],
    }
    store = RunStore(server.folder / "data")
    store.emit(run_id, "graph.custom", {"state": changes})
    store.close()
    show(page, server, run_id)
    expect(page.get_by_test_id("open-items")).to_contain_text("Who pays?")
    expect(page.get_by_test_id("gaps")).to_contain_text("The price of a ledger.")
    contested = page.get_by_test_id("disagreements")
    expect(contested).to_contain_text(first["quote"])
    contested.get_by_test_id("chip").last.click()
    expect(page.get_by_test_id("mark")).to_have_text(second["quote"])


def test_an_example_fills_the_form_and_switches_the_sample_documents_on(page: Any, server: Server) -> None:
    page.goto(server.url)
    page.get_by_test_id("docs-none").check()
    example = page.get_by_test_id("example").first
    example.click()
    expect(page.get_by_test_id("question")).to_have_value(example.inner_text())
    expect(page.get_by_test_id("docs-sample")).to_be_checked()
    expect(page.get_by_test_id("begin")).to_be_enabled()


def test_the_model_is_chosen_from_a_list_and_named_freely_only_where_that_is_allowed(
    open_page: Callable[..., Any], server: Server
) -> None:
    offer = httpx.get(f"{server.url}/api/models").json()
    page = open_page()
    page.goto(server.url)
    choice = page.get_by_test_id("model")
    expect(choice.locator("option")).to_have_count(len(offer["models"]) + 1)
    expect(page.get_by_test_id("embedded-note")).to_have_count(0)
    choice.select_option(label="Another model …")
    page.get_by_test_id("model-name").fill("embedded")
    expect(page.get_by_test_id("embedded-note")).to_contain_text("does not write conclusions")
    strict = open_page()
    strict.route("**/api/models", lambda route: route.fulfill(json={**offer, "free_choice": False}))
    strict.goto(server.url)
    expect(strict.get_by_test_id("model").locator("option")).to_have_count(len(offer["models"]))
