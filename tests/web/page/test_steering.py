"""A person steers a run while it goes on: messages, the plan, pause, approval. A real server, a real browser."""

from __future__ import annotations

from typing import Any

import pytest
from page_world import Server
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
QUESTION = "How does a ledger keep calls from being repeated?"


def show(page: Any, server: Server, run_id: str) -> None:
    page.goto(f"{server.url}/#/runs/{run_id}")
    expect(page.get_by_test_id("pane-chat")).to_be_visible()


def running(page: Any, server: Server, **options: Any) -> str:
    """A run that has a plan and waits at the gate."""
    server.hold()
    run_id = server.begin(QUESTION, **options)
    show(page, server, run_id)
    expect(page.get_by_test_id("todo")).to_have_count(3)
    return run_id


def settled(server: Server, run_id: str) -> dict[str, Any]:
    server.hold(False)
    found = server.wait(run_id, "completed")
    return found["state"]


def test_a_reload_shows_the_same_run_and_misses_no_event(page: Any, server: Server) -> None:
    run_id = running(page, server)
    run = page.get_by_test_id("run")
    page.get_by_test_id("steer").fill("focus on keys")
    page.get_by_test_id("send").click()
    expect(page.get_by_test_id("message")).to_have_count(1)
    before = page.get_by_test_id("pane-plan").inner_text()
    page.reload()
    expect(page.get_by_test_id("message")).to_have_count(1)
    assert page.get_by_test_id("pane-plan").inner_text() == before
    server.hold(False)
    expect(run).to_have_attribute("data-status", "completed", timeout=30_000)
    last = server.state(run_id)["seq"]
    expect(run).to_have_attribute("data-seq", str(last))
    expect(run).to_have_attribute("data-missed", "0")
    watched = page.get_by_test_id("pane-report").inner_text()
    page.reload()
    expect(run).to_have_attribute("data-seq", str(last))
    assert page.get_by_test_id("pane-report").inner_text() == watched


def test_every_message_ends_applied_or_rejected_and_says_so(page: Any, server: Server) -> None:
    run_id = running(page, server)
    for text in ("exclude batteries", "undo c9"):
        page.get_by_test_id("steer").fill(text)
        page.get_by_test_id("steer").press("Enter")
    expect(page.locator("[data-testid=message][data-status=queued]")).to_have_count(2)
    server.hold(False)
    applied = page.locator("[data-testid=message][data-status=applied]")
    expect(applied).to_have_count(1, timeout=30_000)
    expect(applied.get_by_test_id("delivery")).to_contain_text("applied in loop")
    expect(applied.get_by_test_id("effect")).to_contain_text("rule c1")
    rejected = page.locator("[data-testid=message][data-status=rejected]")
    expect(rejected).to_have_count(1)
    expect(rejected.get_by_test_id("reason")).not_to_be_empty()
    server.wait(run_id, "completed")
    expect(page.get_by_test_id("steer")).to_have_attribute("placeholder", "Go on with this research …")


def test_fifty_messages_in_a_burst_all_get_an_answer(page: Any, server: Server) -> None:
    run_id = running(page, server)
    box = page.get_by_test_id("steer")
    for n in range(50):
        box.fill(f"add a task about ledger part {n}")
        box.press("Enter")
    # Twenty may wait; the others are refused at once, and the page says which did not arrive.
    refused = page.locator("[data-testid=message][data-status=failed]")
    kept = page.locator(
        "[data-testid=message][data-status=queued], [data-testid=message][data-status=applied]"
    )
    expect(
        page.locator("[data-testid=message]:not([data-status=sending]):not([data-status=sent])")
    ).to_have_count(50)
    assert refused.count() + kept.count() == 50
    with server.client() as client:
        client.post(f"/api/runs/{run_id}/finish")
    messages = settled(server, run_id)["messages"].values()
    assert {m["status"] for m in messages} <= {"applied", "rejected"}
    assert all(m["reason"] or m["effect"] for m in messages)
    expect(page.locator("[data-testid=message][data-status=queued]")).to_have_count(0)


def test_an_edit_of_an_item_that_changed_meanwhile_is_told_and_no_other_is_lost(
    page: Any, server: Server
) -> None:
    run_id = running(page, server)
    version = server.state(run_id)["state"]["todo"]["version"]
    first = page.get_by_test_id("todo").first
    item, title = first.get_attribute("data-id"), first.locator(".item-title").inner_text()
    # The page's edit names the version that it shows; until it is read, the agent works on that item: it is done.
    first.get_by_test_id("todo-edit").click()
    first.get_by_test_id("todo-title").fill("What exactly is in the key of a ledger?")
    first.get_by_test_id("todo-save").click()
    expect(page.locator(f"[data-id={item}][data-waiting=true]")).to_contain_text("What exactly is in the key")
    page.get_by_test_id("todo-new").fill("How long are the keys of a ledger?")
    page.get_by_test_id("todo-add").click()
    expect(page.get_by_test_id("waiting-edits")).to_contain_text("2 edits wait")
    server.hold(
        word="keys"
    )  # the added item's own search: the run stands where the edits have just been read
    conflict = page.get_by_test_id("conflict")
    expect(conflict).to_contain_text("changed after you read the list", timeout=20_000)
    expect(conflict).to_have_count(1)
    expect(page.locator(f"[data-id={item}] .item-title")).to_have_text(title)
    todo = settled(server, run_id)["todo"]
    assert todo["version"] > version
    titles = [t["title"] for t in todo["items"]]
    assert "How long are the keys of a ledger?" in titles
    assert "What exactly is in the key of a ledger?" not in titles


def test_edits_made_in_a_pause_wait_visibly_and_count_after_it(page: Any, server: Server) -> None:
    run_id = running(page, server)
    run = page.get_by_test_id("run")
    page.get_by_test_id("pause").click()
    server.hold(False)
    expect(run).to_have_attribute("data-status", "paused", timeout=20_000)
    row = page.get_by_test_id("todo")
    order = [row.nth(n).get_attribute("data-id") for n in range(row.count())]
    row.nth(1).get_by_test_id("todo-up").click()
    page.get_by_test_id("todo-new").fill("Which disks keep what they were told?")
    page.get_by_test_id("todo-add").click()
    expect(page.get_by_test_id("waiting-edits")).to_contain_text("applied when the run goes on")
    expect(row.first).to_have_attribute("data-id", str(order[1]))
    page.reload()
    expect(page.get_by_test_id("waiting-edits")).to_contain_text("2 edits wait")
    expect(row.first).to_have_attribute("data-id", str(order[1]))
    page.get_by_test_id("resume").click()
    expect(run).to_have_attribute("data-status", "completed", timeout=30_000)
    expect(page.get_by_test_id("waiting-edits")).to_be_empty()
    titles = [t["title"] for t in server.state(run_id)["state"]["todo"]["items"]]
    assert "Which disks keep what they were told?" in titles


def test_items_are_blocked_done_cancelled_and_dragged(page: Any, server: Server) -> None:
    run_id = running(page, server)
    rows = page.get_by_test_id("todo")
    ids = [rows.nth(n).get_attribute("data-id") for n in range(3)]
    rows.nth(2).drag_to(rows.nth(0))
    expect(rows.first).to_have_attribute("data-id", str(ids[2]))
    for item, what in zip(ids, ("block", "done", "cancel"), strict=True):
        page.locator(f"[data-id={item}]").get_by_test_id(f"todo-{what}").click()
    wanted = dict(zip(ids, ("blocked", "done", "cancelled"), strict=True))
    for item, status in wanted.items():
        expect(page.locator(f"[data-id={item}]")).to_have_attribute("data-status", status)
    kinds = [m for m in server.state(run_id)["state"]["messages"].values() if m["kind"] == "todo"]
    assert len(kinds) == 4
    state = settled(server, run_id)
    told = {m["seq"]: m for m in state["messages"].values()}
    assert all(m["status"] in ("applied", "rejected") for m in told.values())


@pytest.mark.parametrize("how", ["approve", "edit", "reject"])
def test_a_plan_is_approved_edited_or_rejected(how: str, page: Any, server: Server) -> None:
    run_id = server.begin(QUESTION, approve_plan=True)
    show(page, server, run_id)
    card = page.get_by_test_id("approval")
    expect(card).to_have_attribute("data-kind", "approve_plan")
    if how == "approve":
        card.get_by_test_id("approve").click()
    elif how == "edit":
        card.get_by_test_id("approve-edit").click()
        card.get_by_test_id("todo-new").fill("What did ledgers cost in 1850?")
        card.get_by_test_id("todo-add").click()
        card.get_by_test_id("todo-cancel").first.click()
        card.get_by_test_id("approve-edited").click()
    else:
        card.get_by_test_id("reject").click()
        card.get_by_test_id("feedback").fill("Ask about disks")
        card.get_by_test_id("reject-send").click()
        expect(card).to_be_visible()
        expect(card.get_by_test_id("approve")).to_be_visible(timeout=20_000)
        card.get_by_test_id("approve").click()
    expect(page.get_by_test_id("run")).to_have_attribute("data-status", "completed", timeout=30_000)
    expect(card).to_have_count(0)
    items = server.state(run_id)["state"]["todo"]["items"]
    if how == "edit":
        assert "What did ledgers cost in 1850?" in [i["title"] for i in items]
        assert "cancelled" in [i["status"] for i in items]


def test_two_questions_at_once_are_asked_one_after_the_other(page: Any, server: Server) -> None:
    run_id = server.begin("whatever", "asking")
    show(page, server, run_id)
    for n in (1, 2):
        expect(page.get_by_test_id("asked-count")).to_have_text(f"{n} of 2")
        card = page.get_by_test_id("approval")
        kind = card.get_attribute("data-kind")
        if kind == "choose":
            card.get_by_test_id("field-colour").select_option("blue")
            card.get_by_test_id("field-count").fill("3")
            card.get_by_test_id("schema-send").click()
        else:
            card.get_by_test_id("json-answer").fill("{not json")
            card.get_by_test_id("json-send").click()
            expect(card.get_by_role("alert")).to_be_visible()
            card.get_by_test_id("json-answer").fill('{"free": [1, 2]}')
            card.get_by_test_id("json-send").click()
        expect(page.locator(f"[data-testid=approval][data-kind={kind}]")).to_have_count(0)
    state = server.wait(run_id, "completed")["state"]
    assert state["left"] == {"colour": "blue", "count": 3}
    assert state["right"] == {"free": [1, 2]}
    expect(page.get_by_test_id("pane-state")).to_contain_text("blue")


@pytest.mark.parametrize("answer", ["The one for model calls", ""])
def test_a_vague_question_is_asked_back(answer: str, page: Any, server: Server) -> None:
    run_id = server.begin("What about the vague ledger?", clarify=True)
    show(page, server, run_id)
    card = page.get_by_test_id("approval")
    expect(card).to_have_attribute("data-kind", "clarify")
    expect(card).to_contain_text("Which ledger do you mean?")
    if answer:
        card.get_by_test_id("clarify-answer").fill(answer)
        card.get_by_test_id("clarify-send").click()
    else:
        card.get_by_test_id("clarify-skip").click()
    expect(page.get_by_test_id("run")).to_have_attribute("data-status", "completed", timeout=30_000)
    expect(card).to_have_count(0)


def test_a_paused_run_goes_on_from_the_history(page: Any, server: Server) -> None:
    run_id = running(page, server)
    page.get_by_test_id("pause").click()
    server.hold(False)
    expect(page.get_by_test_id("run")).to_have_attribute("data-status", "paused", timeout=20_000)
    page.goto(server.url)
    page.get_by_test_id("history-open").click()
    row = page.locator(f"[data-testid=history-run][data-id='{run_id}']")
    row.get_by_role("button", name="Resume").click()
    expect(page.get_by_test_id("history")).to_have_count(0)
    expect(page.get_by_test_id("run")).to_have_attribute("data-status", "completed", timeout=30_000)
    assert page.evaluate("location.hash") == f"#/runs/{run_id}"


def test_an_exclusion_and_a_rule_are_undone(page: Any, server: Server) -> None:
    server.hold(word="aspect")  # in the sub-question of the second loop
    run_id = server.begin(QUESTION)
    show(page, server, run_id)
    page.get_by_test_id("tab-sources").click()
    source = page.get_by_test_id("source").first
    source.get_by_test_id("exclude").click()
    for text in ("exclude batteries", "add a task about zebras of a ledger"):
        page.get_by_test_id("steer").fill(text)
        page.get_by_test_id("steer").press("Enter")
    expect(page.locator("[data-testid=message][data-status=queued]")).to_have_count(3)
    server.hold(word="zebras")  # once all three are applied, the run stands at the new item
    expect(page.locator("[data-testid=source][data-out=true]")).to_have_count(1, timeout=20_000)
    before = {c["id"]: c["status"] for c in server.state(run_id)["state"]["constraints"]}
    assert list(before.values()) == ["active", "active"]
    source.get_by_test_id("exclude").click()  # now: use again
    rules = page.get_by_test_id("rules")
    rules.locator("summary").click()
    rules.locator("li").filter(has_text="batteries").get_by_role("button").click()
    expect(page.locator("[data-testid=message][data-status=queued]")).to_have_count(2)
    server.hold(False)
    expect(page.locator("[data-testid=source][data-out=true]")).to_have_count(0, timeout=20_000)
    expect(page.get_by_test_id("run")).to_have_attribute("data-status", "completed", timeout=30_000)
    expect(rules).to_have_count(0)
    state = server.state(run_id)["state"]
    assert {c["status"] for c in state["constraints"]} == {"withdrawn"}
    assert not any(s["hidden_by"] for s in state["sources"].values())
