"""Takes the pictures of this folder: every pane, wide and narrow, light and dark, from a scripted run.

PYTHONPATH=tests/support python docs/web/shots.py [phone]

With `phone` only the pictures of phone tasks are taken.
"""

from __future__ import annotations

import io
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import phone_task
from page_world import Server, launch
from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

HERE = Path(__file__).parent
SIZES = {"desktop": (1440, 900), "phone": (390, 844)}
QUESTION = "How does a ledger keep calls from being repeated, and what does it cost?"
KOREAN = "원장은 호출이 반복되지 않게 어떻게 하나요?"
PANES = ("chat", "report", "plan", "sources", "activity", "budget", "charts")


class Camera:
    """One page of one size and theme."""

    def __init__(self, page: Page, server: Server, name: str) -> None:
        self.page, self.server, self.name = page, server, name
        self.phone = name.startswith("phone")

    def take(self, what: str) -> None:
        """One picture, with a palette: a page has few colours, and a repository is no picture book."""
        self.page.mouse.move(0, 0)
        self.page.wait_for_timeout(250)
        self.page.wait_for_function("() => [...document.images].every(image => image.complete)")
        picture = Image.open(io.BytesIO(self.page.screenshot())).convert("RGB").quantize(128)
        picture.save(HERE / f"{what}-{self.name}.png", optimize=True)

    def show(self, run_id: str, pane: str = "") -> None:
        """Go to a run, and to one of its panes."""
        self.page.goto(f"{self.server.url}/#/runs/{run_id}")
        expect(self.page.get_by_test_id("run")).to_have_attribute("data-ready", "true")
        if pane:
            self.pane(pane)

    def pane(self, name: str) -> None:
        """Go to a pane; on a wide page chat and report are always there."""
        if self.phone or name not in ("chat", "report"):
            self.page.get_by_test_id(f"tab-{name}").click()


def steered(server: Server) -> str:
    """A finished run that was steered on its way."""
    server.hold()
    run_id = server.begin(QUESTION, limits={"tokens": 60000, "minutes": 10, "loops": 3})
    with server.client() as client:
        for text in ("exclude batteries", "focus on disks", "undo c9"):
            client.post(f"/api/runs/{run_id}/messages", json={"text": text}).raise_for_status()
        server.hold(False)
        found = server.wait(run_id, "completed", "failed")
    assert found["run"]["status"] == "completed", found["run"]["error"]
    return run_id


def gone_on(server: Server, run_id: str) -> str:
    """What becomes of a message to a run that has ended: a fork of it."""
    with server.client() as client:
        points = client.get(f"/api/runs/{run_id}/checkpoints").json()["checkpoints"]
        point = next(one["id"] for one in points if one["next"] == ["finalize"])
        where = {"checkpoint_id": point, "message": {"text": "add a task about the disks of a ledger"}}
        made = client.post(f"/api/runs/{run_id}/fork", json=where).raise_for_status().json()["id"]
    server.wait(made, "completed")
    return made


def pictures(camera: Camera, runs: dict[str, str]) -> None:
    """All pictures of one size and theme."""
    page, server = camera.page, camera.server
    page.goto(server.url)
    expect(page.get_by_test_id("start")).to_be_visible()
    camera.take("start")
    for pane in PANES if camera.phone else ("plan", *PANES[3:]):
        camera.show(runs["charts" if pane == "charts" else "steered"], pane)
        camera.take(pane)
    camera.show(runs["follow-up"], "chat")
    camera.take("follow-up")
    camera.show(runs["refused"], "report")
    page.get_by_test_id("about").scroll_into_view_if_needed()
    camera.take("report-about")
    camera.show(runs["steered"], "report")
    page.get_by_test_id("chip").first.click()
    expect(page.get_by_test_id("mark").first).to_be_visible()
    camera.take("evidence")
    page.keyboard.press("Escape")
    camera.show(runs["asked"])
    expect(page.get_by_test_id("approval")).to_be_visible()
    camera.take("approval")
    page.get_by_test_id("approve-edit").click()
    camera.take("approval-edit")
    camera.show(runs["refused"], "sources")
    camera.take("sources-blocked")
    camera.show(runs["other"])
    camera.take("other-graph")
    page.get_by_test_id("history-open").click()
    expect(page.get_by_test_id("history-run").first).to_be_visible()
    page.get_by_test_id("forks").nth(1).click()
    page.wait_for_timeout(300)
    camera.take("history")
    for run in ("steered", "refused"):
        page.locator(f"[data-testid=history-run][data-id='{runs[run]}']").get_by_test_id("choose").check()
    page.get_by_test_id("compare-open").click()
    expect(page.get_by_test_id("side-b")).to_be_visible()
    camera.take("compare")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.get_by_test_id("help-open").click()
    camera.take("help")
    page.keyboard.press("Escape")


def phone_runs(server: Server) -> dict[str, str]:
    """A phone task that shows its plan, one that asks to send a text, and one that has ended."""
    runs = {
        "phone-permissions": server.begin(phone_task.GOAL, "phone"),
        "phone-approval": server.begin(phone_task.GOAL, "phone", confirm=False),
        "phone": server.begin(phone_task.GOAL, "phone", confirm=False),
    }
    for run in runs.values():
        server.wait(run, "waiting_human")
    with server.client() as client:
        asked = server.state(runs["phone"])["state"]["run"]["interrupts"]
        answers = {"responses": {name: {"action": "approve"} for name in asked}}
        client.post(f"/api/runs/{runs['phone']}/interrupts", json=answers).raise_for_status()
    server.wait(runs["phone"], "completed")
    return runs


def phone_pictures(camera: Camera, runs: dict[str, str]) -> None:
    """The panes of phone tasks."""
    page = camera.page
    page.goto(camera.server.url)
    page.get_by_test_id("graph").select_option("phone")
    camera.take("phone-start")
    for name in ("phone-permissions", "phone-approval"):
        camera.show(runs[name])
        expect(page.get_by_test_id("approval")).to_be_visible()
        camera.take(name)
    camera.show(runs["phone"], "phone" if camera.phone else "steps")
    expect(page.get_by_test_id("phone-answer")).to_be_visible()
    camera.take("phone-screen")
    if camera.phone:
        camera.pane("steps")
    page.get_by_test_id("phone-step").nth(1).locator("summary").click()
    camera.take("phone-steps")
    camera.pane("task")
    camera.take("phone-task")


def live(camera: Camera) -> None:
    """A run that is held in the middle, with edits that wait, in Korean."""
    page, server = camera.page, camera.server
    server.hold(word="aspect")
    run_id = server.begin(KOREAN)
    camera.show(run_id)
    page.get_by_test_id("language").click()
    camera.pane("plan")
    expect(page.get_by_test_id("todo").nth(1)).to_be_visible()
    page.get_by_test_id("todo-new").fill("원장의 비용은 얼마인가요?")
    page.get_by_test_id("todo-add").click()
    camera.take("korean")
    server.hold(False)
    server.wait(run_id, "completed")


def main(only: str = "") -> None:
    """Take all pictures, or those of phone tasks."""
    for old in HERE.glob("phone-*.png" if only else "*.png"):
        old.unlink()
    folder = Path(tempfile.mkdtemp())
    server = Server(folder / "one").start()
    locked = Server(folder / "two", ("--accounts",)).start()
    try:
        runs = phone_runs(server)
        runs |= {} if only else research_runs(server)
        photograph(server, locked, runs)
    finally:
        server.stop()
        locked.stop()
        shutil.rmtree(folder, ignore_errors=True)
    index()


def research_runs(server: Server) -> dict[str, str]:
    """Research runs that have ended, refuse, ask, and are of another graph."""
    runs = {
        "steered": steered(server),
        "refused": server.begin("Which refused calls does a ledger keep?"),
        "other": server.begin("Ask me two things", "asking"),
        "charts": server.begin("How long are the rivers in km?", databases=[server.rivers()]),
        "asked": server.begin(QUESTION, approve_plan=True),
    }
    runs["follow-up"] = gone_on(server, runs["steered"])
    server.wait(runs["refused"], "completed")
    server.wait(runs["charts"], "completed")
    server.wait(runs["asked"], "waiting_human")
    return runs


def photograph(server: Server, locked: Server, runs: dict[str, str]) -> None:
    """Every size and theme."""
    with sync_playwright() as playwright:
        browser: Any = launch(playwright)
        for size, (width, height) in SIZES.items():
            for theme in ("light", "dark"):
                context = browser.new_context(
                    viewport={"width": width, "height": height}, color_scheme=theme, locale="en-US"
                )
                camera = Camera(context.new_page(), server, f"{size}-{theme}")
                phone_pictures(camera, runs)
                if "steered" in runs:
                    pictures(camera, runs)
                    live(camera)
                    camera.page.evaluate("localStorage.clear()")
                    camera.page.goto(locked.url)
                    expect(camera.page.get_by_test_id("login")).to_be_visible()
                    camera.take("login")
                context.close()
        browser.close()


def index() -> None:
    """The page that shows them."""
    names = sorted({path.stem.removesuffix("-desktop-light") for path in HERE.glob("*-desktop-light.png")})
    names += sorted(
        {path.stem.removesuffix("-phone-light") for path in HERE.glob("*-phone-light.png")} - set(names)
    )
    lines = [
        "# The web chat in pictures",
        "",
        "Taken by [shots.py](shots.py) from scripted runs; the texts are made up. Design: [web.md](../design/web.md).",
    ]
    for name in names:
        found = [
            f"{s}-{t}" for s in SIZES for t in ("light", "dark") if (HERE / f"{name}-{s}-{t}.png").exists()
        ]
        lines += ["", f"## {name}", ""]
        lines += [f"![{name}, {kind}]({name}-{kind}.png)" for kind in found]
    (HERE / "README.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
