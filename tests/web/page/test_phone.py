"""A phone task in the browser: begun, permitted, approved, looked at, reloaded; without a serious axe finding."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import phone_task
import pytest
from page_world import Server
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def serious(page: Any, page_source: Path) -> list[str]:
    """What axe-core holds against the page as it stands."""
    page.evaluate((page_source / "node_modules" / "axe-core" / "axe.min.js").read_text())
    found = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [
        json.dumps(v["nodes"][0]["html"]) + v["id"] for v in found if v["impact"] in ("serious", "critical")
    ]


def test_a_phone_task_from_the_form_to_the_answer(
    server: Server, open_page: Callable[..., Any], page_source: Path
) -> None:
    page = open_page()
    page.goto(server.url)
    page.get_by_test_id("graph").select_option("phone")
    assert serious(page, page_source) == []
    page.get_by_test_id("goal").fill(phone_task.GOAL)
    page.get_by_test_id("begin").click()
    card = page.get_by_test_id("approval")
    expect(card).to_have_attribute("data-kind", "permissions")
    page.get_by_test_id("approve-edit").click()
    page.get_by_test_id("packages").fill(f"{phone_task.SMS}\ncom.google.android.contacts")
    page.get_by_test_id("class-call").check()
    assert serious(page, page_source) == []
    page.get_by_test_id("approve-edited").click()
    expect(card).to_have_attribute("data-kind", "approve_action")
    expect(page.get_by_test_id("asked-action")).to_have_text("Tap “Send”")
    expect(card.get_by_test_id("target")).to_be_visible()  # marked on the very screen that is asked about
    shown = card.locator("image").get_attribute("href")
    assert page.request.get(f"{server.url}{shown}").headers["content-type"] == "image/png"
    assert serious(page, page_source) == []
    page.get_by_test_id("approve").click()
    expect(page.get_by_test_id("phone-answer")).to_contain_text("Hana knows that you come at 7.")
    expect(page.get_by_test_id("phone-step")).to_have_count(4)
    page.reload()
    expect(page.get_by_test_id("phone-answer")).to_have_attribute("data-reason", "answered")
    page.get_by_test_id("phone-step").nth(1).locator("summary").click()
    expect(page.get_by_test_id("phone-step").nth(1).get_by_test_id("screen")).to_have_count(2)
    expect(page.get_by_test_id("phone-step").nth(2)).to_contain_text(
        phone_task.TEXT
    )  # as text, never as markup
    assert page.locator("b", has_text="sharp").count() == 0
    page.get_by_test_id("tab-task").click()
    expect(page.get_by_test_id("permissions")).to_contain_text("com.google.android.contacts")
    page.set_viewport_size({"width": 390, "height": 844})
    page.get_by_test_id("theme").click()
    page.get_by_test_id("tab-phone").click()
    expect(page.get_by_test_id("screen")).to_be_visible()
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    assert serious(page, page_source) == []
    page.get_by_test_id("language").click()
    expect(page.get_by_test_id("tab-phone")).to_have_text("휴대폰")
