"""Who is there: session, login, logout, and login through an OpenID provider."""

from __future__ import annotations

import asyncio
import secrets
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from ... import __version__
from ...tools.accounts import SESSION_DAYS, AccountStore, User
from .desk import ERRORS, Desk, DeskDep, not_found
from .guard import csrf_token, session_of

router = APIRouter(prefix="/api", tags=["login"], responses=ERRORS)
_ATTEMPT = "tenfold_oidc"


class UploadLimits(BaseModel):
    """What one upload may hold."""

    megabytes: int
    files: int


class SessionBody(BaseModel):
    """Who is logged in.

    Attributes:
        mode: `single` needs no login; with `accounts`, `user` is null until somebody logs in.
        csrf: To be sent as `X-CSRF-Token` with every request that changes something.
        oidc: What the button of the OpenID provider says, or null.
    """

    mode: str
    user: str | None
    csrf: str
    oidc: str | None
    version: str
    uploads: UploadLimits


class Credentials(BaseModel):
    """A name and its password."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(max_length=100)]
    password: Annotated[str, Field(max_length=1024)]


@router.get("/session")
async def session(request: Request, response: Response, desk: DeskDep) -> SessionBody:
    """Who is logged in, and the token for requests that change something."""
    token = session_of(request.headers, desk.door)
    if token is None:
        token = secrets.token_urlsafe(32)  # nobody's yet, but a login from a forged page fails without it
        _set_cookie(response, desk, token)
    user = None
    if desk.accounts is not None:
        user = await asyncio.to_thread(desk.accounts.session_user, token)
    return _body(desk, token, user)


@router.post("/login")
async def login(request: Request, response: Response, desk: DeskDep, who: Credentials) -> SessionBody:
    """Log in. The session gets a new token, so that one planted before is worth nothing."""
    accounts = _accounts(desk)
    client = request.client.host if request.client else "?"
    most = desk.settings.web.logins_per_minute
    if not (
        await desk.rates.hit(most, "minute", "login", client)
        and await desk.rates.hit(most, "minute", "login-name", who.name.strip().casefold())
    ):
        raise HTTPException(429, "Too many logins were tried.", {"Retry-After": "60"})
    user = await asyncio.to_thread(accounts.check_password, who.name, who.password)
    if user is None:
        raise HTTPException(401, "The name or the password is wrong.")
    token = await _fresh_session(request, desk, accounts, user)
    _set_cookie(response, desk, token)
    return _body(desk, token, user)


@router.post("/logout", status_code=204)
async def logout(request: Request, response: Response, desk: DeskDep) -> None:
    """End the session, for everyone who has its token."""
    token = session_of(request.headers, desk.door)
    if desk.accounts is not None and token:
        await asyncio.to_thread(desk.accounts.close_session, token)
    response.delete_cookie(desk.door.cookie, path="/", secure=desk.door.https, httponly=True, samesite="lax")


@router.get("/oidc/login", response_class=RedirectResponse, status_code=302)
async def oidc_login(request: Request, desk: DeskDep) -> RedirectResponse:
    """Send the person to the OpenID provider."""
    accounts = _accounts(desk)
    if desk.oidc is None:
        raise not_found()
    client = request.client.host if request.client else "?"
    if not await desk.rates.hit(desk.settings.web.logins_per_minute, "minute", "oidc", client):
        raise HTTPException(429, "Too many logins were tried.", {"Retry-After": "60"})
    address, kept = await desk.oidc.begin(request)
    attempt = await asyncio.to_thread(accounts.begin_attempt, kept)
    answer = RedirectResponse(address, status_code=302)
    answer.set_cookie(
        _ATTEMPT, attempt.id, max_age=600, path="/api/oidc", secure=desk.door.https, httponly=True, samesite="lax"
    )  # fmt: skip
    return answer


@router.get("/oidc/callback", response_class=RedirectResponse, status_code=302)
async def oidc_callback(request: Request, desk: DeskDep) -> RedirectResponse:
    """Take the person back from the provider: only in the browser that was sent there, and once."""
    accounts = _accounts(desk)
    if desk.oidc is None:
        raise not_found()
    attempt = await asyncio.to_thread(accounts.take_attempt, request.cookies.get(_ATTEMPT, ""))
    if attempt is None:
        raise HTTPException(400, "This login was not begun here, or too long ago.")
    issuer, subject, name = await desk.oidc.finish(request, attempt.data)
    user = await asyncio.to_thread(accounts.from_provider, issuer, subject, name)
    token = await _fresh_session(request, desk, accounts, user)
    answer = RedirectResponse("/", status_code=302)
    answer.delete_cookie(_ATTEMPT, path="/api/oidc")
    _set_cookie(answer, desk, token)
    return answer


def _accounts(desk: Desk) -> AccountStore:
    if desk.accounts is None:
        raise HTTPException(404, "This server has a single user and no login.")
    return desk.accounts


async def _fresh_session(request: Request, desk: Desk, accounts: AccountStore, user: User) -> str:
    old = session_of(request.headers, desk.door)
    if old:
        await asyncio.to_thread(accounts.close_session, old)
    return await asyncio.to_thread(accounts.open_session, user)


def _set_cookie(response: Response, desk: Desk, token: str) -> None:
    response.set_cookie(
        desk.door.cookie, token, max_age=SESSION_DAYS * 86400, path="/",
        secure=desk.door.https, httponly=True, samesite="lax",
    )  # fmt: skip


def _body(desk: Desk, token: str, user: User | None) -> SessionBody:
    limits: Any = desk.settings.web
    return SessionBody(
        mode="single" if desk.accounts is None else "accounts",
        user=user.name if user else None,
        csrf=csrf_token(token),
        oidc=limits.oidc.label if limits.oidc and desk.oidc else None,
        version=__version__,
        uploads=UploadLimits(megabytes=limits.upload_mb, files=limits.upload_files),
    )
