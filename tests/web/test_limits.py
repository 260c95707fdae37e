"""Limits of rate, and cookies behind https: each on a server of its own."""

from __future__ import annotations

from pathlib import Path

import httpx
from api_world import PASSWORDS, site

NEW = {"graph": "small", "input": {"question": "forged"}}


def test_over_https_the_cookie_is_for_https_alone(tmp_path: Path) -> None:
    with site(tmp_path, users=True, public_url="https://research.example") as running:
        answer = httpx.get(f"{running.url}/api/session", headers={"Host": "research.example"})
        assert answer.headers["set-cookie"].startswith("__Host-tenfold=")
        assert "; secure" in answer.headers["set-cookie"].lower()
        assert "max-age" in answer.headers["strict-transport-security"]


def test_guessing_passwords_is_stopped_and_then_even_the_right_one_waits(tmp_path: Path) -> None:
    with site(tmp_path, users=True, logins_per_minute=5) as running:
        client = running.browser()
        tries = [
            client.post("/api/login", json={"name": "alice", "password": f"guess {n}"}) for n in range(8)
        ]
        assert [t.status_code for t in tries] == [401] * 5 + [429] * 3
        right = client.post("/api/login", json={"name": "alice", "password": PASSWORDS["alice"]})
        assert right.status_code == 429 and int(right.headers["retry-after"]) > 0


def test_too_many_requests_and_too_many_runs_are_refused(tmp_path: Path) -> None:
    with site(tmp_path, runs_per_hour=2, requests_per_minute=30) as running:
        client = running.browser()
        codes = [client.post("/api/runs", json=NEW).status_code for _ in range(3)]
        assert codes == [201, 201, 429]
        assert 429 in [client.get("/api/session").status_code for _ in range(40)]
