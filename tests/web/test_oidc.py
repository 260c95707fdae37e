"""Login at a small OpenID provider that checks what a real one checks: redirect address, PKCE, one use of a code."""

from __future__ import annotations

import base64
import hashlib
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
import uvicorn
from api_world import Site, site
from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse
from starlette.routing import Route


@dataclass
class Provider:
    """An OpenID provider; `claims` and `forge` change what its next ID token says."""

    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "k1"}))
    codes: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])
    claims: dict[str, Any] = field(default_factory=dict[str, Any])
    forge: bool = False
    url: str = ""

    async def discovery(self, _: Request) -> JSONResponse:
        return JSONResponse(
            {
                "issuer": self.url, "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token", "jwks_uri": f"{self.url}/jwks",
                "response_types_supported": ["code"], "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"], "code_challenge_methods_supported": ["S256"],
            }
        )  # fmt: skip

    async def jwks(self, _: Request) -> JSONResponse:
        return JSONResponse({"keys": [self.key.as_dict(private=False)]})

    async def authorize(self, request: Request) -> RedirectResponse:
        asked = dict(request.query_params)
        assert asked["client_id"] == "tenfold" and asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256" and asked["nonce"] and asked["state"]
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        query = urlencode({"code": code, "state": asked["state"]})
        return RedirectResponse(f"{asked['redirect_uri']}?{query}", status_code=302)

    async def token(self, request: Request) -> JSONResponse:
        form = parse_qs((await request.body()).decode())
        asked = self.codes.pop(form["code"][0], None)
        digest = hashlib.sha256(form.get("code_verifier", [""])[0].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if asked is None or challenge != asked["code_challenge"]:
            return JSONResponse({"error": "invalid_grant"}, status_code=400)
        if form["redirect_uri"] != [asked["redirect_uri"]]:
            return JSONResponse({"error": "invalid_grant"}, status_code=400)
        now = int(time.time())
        claims = {
            "iss": self.url, "sub": "subject-1", "aud": "tenfold", "iat": now, "exp": now + 60,
            "nonce": asked["nonce"], "email": "ada@example.org", "email_verified": True,
            "preferred_username": "alice", **self.claims,
        }  # fmt: skip
        key = RSAKey.generate_key(2048, {"kid": "k1"}) if self.forge else self.key
        id_token = jwt.encode({"alg": "RS256", "kid": "k1"}, claims, key)
        return JSONResponse({"access_token": "a", "token_type": "Bearer", "id_token": id_token})


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    made = Provider()
    routes = [
        Route("/.well-known/openid-configuration", made.discovery), Route("/jwks", made.jwks),
        Route("/authorize", made.authorize), Route("/token", made.token, methods=["POST"]),
    ]  # fmt: skip
    sock = socket.socket()
    sock.bind(("127.0.0.1", 0))
    made.url = f"http://127.0.0.1:{sock.getsockname()[1]}"
    running = uvicorn.Server(uvicorn.Config(Starlette(routes=routes), log_level="error"))
    thread = threading.Thread(target=running.run, kwargs={"sockets": [sock]}, daemon=True)
    thread.start()
    yield made
    running.should_exit = True
    thread.join(10)


PUBLIC = "http://tenfold.test"


@pytest.fixture(scope="module")
def here(provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    oidc = {
        "issuer": provider.url,
        "client_id": "tenfold",
        "label": "The provider",
        "allow": ["@example.org"],
    }
    with site(
        tmp_path_factory.mktemp("oidc"), users=True, oidc=oidc, public_url=PUBLIC, logins_per_minute=1000
    ) as running:
        yield running


@pytest.fixture(autouse=True)
def honest(provider: Provider) -> None:
    provider.claims, provider.forge = {}, False


def leave(here: Site) -> tuple[httpx.Client, str]:
    """Begin a login; returns the browser and the address at which the provider sends it back."""
    client = here.browser()
    out = client.get("/api/oidc/login")
    assert out.status_code == 302
    back = httpx.get(out.headers["location"])
    address = back.headers["location"]
    assert address.startswith(f"{PUBLIC}/api/oidc/callback?")
    return client, address.removeprefix(PUBLIC)


def test_a_person_of_the_provider_gets_an_account_of_his_own(here: Site) -> None:
    client, address = leave(here)
    planted = client.cookies["tenfold"]
    answer = client.get(address)
    assert answer.status_code == 302 and answer.headers["location"] == "/"
    assert client.cookies["tenfold"] != planted
    session = client.get("/api/session").json()
    assert session["oidc"] == "The provider"
    assert session["user"] == "alice-2"  # calling himself alice there does not make him the alice here
    assert client.get("/api/runs").status_code == 200
    again, address = leave(here)
    assert again.get(address).status_code == 302
    assert again.get("/api/session").json()["user"] == "alice-2"


def test_an_answer_counts_once_and_only_in_the_browser_that_asked(here: Site) -> None:
    client, address = leave(here)
    assert here.browser().get(address).status_code == 400
    assert client.get(address).status_code == 302
    assert client.get(address).status_code == 400


def test_an_answer_to_another_login_is_refused(here: Site) -> None:
    (mine, _), (_, other) = leave(here), leave(here)
    assert mine.get(other).status_code == 400
    assert mine.get("/api/session").json()["user"] is None


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({"nonce": "another"}, 400),
        ({"iss": "https://evil.example"}, 400),
        ({"aud": "somebody-else"}, 400),
        ({"exp": 1_000_000}, 400),
        ({"email": "eve@evil.example"}, 403),
        ({"email_verified": False}, 403),
        ({"email": "eve@evilexample.org"}, 403),
    ],
    ids=str,
)
def test_a_token_that_is_not_for_this_login_is_refused(
    here: Site, provider: Provider, claims: dict[str, Any], status: int
) -> None:
    provider.claims = claims
    client, address = leave(here)
    assert client.get(address).status_code == status
    assert client.get("/api/session").json()["user"] is None


def test_a_token_of_another_key_is_refused(here: Site, provider: Provider) -> None:
    provider.forge = True
    client, address = leave(here)
    assert client.get(address).status_code == 400


def test_the_providers_error_is_no_fault_of_ours(here: Site) -> None:
    client, address = leave(here)
    state = parse_qs(urlsplit(address).query)["state"][0]
    answer = client.get("/api/oidc/callback", params={"error": "access_denied", "state": state})
    assert answer.status_code == 400
    assert here.browser().get("/api/oidc/callback", params={"code": "x", "state": "y"}).status_code == 400
