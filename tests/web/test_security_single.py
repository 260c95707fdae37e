"""What an attacker tries on a server of one person, and on servers with narrow limits: refused too."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from api_world import Site, begin, site, wait_for

NEW = {"graph": "small", "input": {"question": "forged"}}


@pytest.fixture(scope="module")
def single(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server of one person without login."""
    with site(tmp_path_factory.mktemp("single")) as running:
        yield running


def test_a_forged_request_is_refused_without_accounts_too(single: Site) -> None:
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Cookie": "a=b"}):
        answer = httpx.post(
            f"{single.url}/api/runs",
            content=json.dumps(NEW),
            headers={"Content-Type": "text/plain", **headers},
        )
        assert answer.status_code == 403
    assert "access-control-allow-origin" not in httpx.options(f"{single.url}/api/runs").headers


def test_a_program_needs_no_token_of_a_page(single: Site) -> None:
    assert single.program().post("/api/runs", json=NEW).status_code == 201


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "", "localhost:x", "[", "a@localhost"]
)
def test_a_name_that_was_made_to_point_here_is_not_answered(single: Site, host: str) -> None:
    assert httpx.get(f"{single.url}/api/session", headers={"Host": host}).status_code in (400, 421)


@pytest.mark.parametrize("host", ["localhost:1234", "127.0.0.1", "[::1]:80"])
def test_the_machines_own_names_are_answered(single: Site, host: str) -> None:
    assert httpx.get(f"{single.url}/api/session", headers={"Host": host}).status_code == 200


def test_a_run_cannot_read_this_machines_own_services(single: Site) -> None:
    seen: list[str] = []

    class Inner(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    inner = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Inner)
    threading.Thread(target=inner.serve_forever, daemon=True).start()
    client = single.browser()
    try:
        for address in (
            f"http://127.0.0.1:{inner.server_port}/", f"http://localhost:{inner.server_port}/",
            f"http://[::ffff:127.0.0.1]:{inner.server_port}/", "http://169.254.169.254/latest/meta-data/", "file:///etc/passwd",
        ):  # fmt: skip
            run_id = begin(client, address, graph="reading")
            body = wait_for(client, run_id, "completed", "failed")
            assert "root:" not in json.dumps(body)
    finally:
        inner.shutdown()
        inner.server_close()
    assert seen == []
