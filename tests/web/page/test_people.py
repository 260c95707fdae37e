"""Accounts in the browser, and a server that dies under an open page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from page_world import PASSWORDS, Server
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
QUESTION = "How does a ledger keep calls from being repeated?"


def login(page: Any, server: Server, name: str) -> None:
    page.goto(server.url)
    page.get_by_test_id("login-name").fill(name)
    page.get_by_test_id("login-password").fill(PASSWORDS[name])
    page.get_by_test_id("login-send").click()
    expect(page.get_by_test_id("start")).to_be_visible()


def test_two_people_see_their_own_runs_only(open_page: Callable[..., Any], tmp_path: Path) -> None:
    server = Server(tmp_path / "people", ("--accounts",)).start()
    try:
        alice, bob = open_page(), open_page()
        alice.goto(server.url)
        alice.get_by_test_id("login-name").fill("alice")
        alice.get_by_test_id("login-password").fill("wrong")
        alice.get_by_test_id("login-send").click()
        expect(alice.get_by_test_id("login-problem")).to_contain_text("wrong")
        for page, name in ((alice, "alice"), (bob, "bob")):
            login(page, server, name)
        server.hold()
        for page, question in ((alice, "What is the secret of alice's ledger?"), (bob, "Bob's ledger?")):
            page.get_by_test_id("question").fill(question)
            page.get_by_test_id("docs-none").check()
            page.get_by_test_id("source-web").check()
            page.get_by_test_id("approve-plan").uncheck()
            page.get_by_test_id("begin").click()
            expect(page.get_by_test_id("todo").first).to_be_visible()
        foreign = alice.evaluate("location.hash")
        expect(alice.get_by_test_id("run")).to_have_attribute("data-status", "running")
        bob.get_by_test_id("history-open").click()
        expect(bob.get_by_test_id("history-run")).to_have_count(1)
        expect(bob.get_by_test_id("history")).not_to_contain_text("alice")
        bob.keyboard.press("Escape")
        bob.goto(f"{server.url}/{foreign}")
        expect(bob.locator("body")).to_contain_text("There is no such run here.")
        assert "secret" not in bob.locator("body").inner_text()
        server.hold(False)
        expect(alice.get_by_test_id("run")).to_have_attribute("data-status", "completed", timeout=30_000)
        alice.get_by_test_id("logout").click()
        expect(alice.get_by_test_id("login")).to_be_visible()
        alice.goto(f"{server.url}/{foreign}")
        alice.reload()
        expect(alice.get_by_test_id("login")).to_be_visible()
    finally:
        server.stop()


def test_a_killed_server_comes_back_under_the_same_page(
    open_page: Callable[..., Any], tmp_path: Path
) -> None:
    server = Server(tmp_path / "killed").start()
    try:
        page = open_page()
        server.hold()
        run_id = server.begin(QUESTION)
        page.goto(f"{server.url}/#/runs/{run_id}")
        expect(page.get_by_test_id("todo")).to_have_count(3)
        page.get_by_test_id("todo-new").fill("Which disks keep what they were told?")
        page.get_by_test_id("todo-add").click()
        expect(page.locator("[data-testid=todo][data-waiting=true]")).to_have_count(1)
        page.evaluate("window.sameDocument = true")
        server.kill()
        expect(page.get_by_test_id("link")).to_have_text("reconnecting …")
        server.start()
        expect(page.get_by_test_id("run")).to_have_attribute("data-link", "live", timeout=30_000)
        expect(page.get_by_test_id("todo")).to_have_count(4)
        server.hold(False)
        expect(page.get_by_test_id("run")).to_have_attribute("data-status", "completed", timeout=60_000)
        expect(page.get_by_test_id("run")).to_have_attribute("data-missed", "0")
        expect(page.get_by_test_id("run")).to_have_attribute("data-seq", str(server.state(run_id)["seq"]))
        titles = [t["title"] for t in server.state(run_id)["state"]["todo"]["items"]]
        assert "Which disks keep what they were told?" in titles
        assert page.evaluate("window.sameDocument") is True
    finally:
        server.stop()
