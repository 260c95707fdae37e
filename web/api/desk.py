"""What every route works with, who asks, and how errors are told."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import Annotated, Any, Protocol

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, StringConstraints
from starlette.exceptions import HTTPException

from ...errors import (
    BudgetExceeded,
    ConfigError,
    DocumentUnreadable,
    MissingExtra,
    ModelError,
    RunError,
    TenfoldError,
)
from ...settings import Settings
from ...tools.accounts import AccountStore, User
from ...tools.runs import Run
from ..runs import GraphRegistry, RunManager
from ..services import Services
from .feed import FeedHub
from .guard import Door, session_of
from .metrics import Metrics
from .rates import Rates

SINGLE_USER = "local"
_LOG = logging.getLogger(__name__)

RunId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,100}$")]
ShortId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:-]{1,200}$")]
ClientId = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,200}$")]


class OidcClient(Protocol):
    """What the login routes need of a provider."""

    async def begin(self, request: Request) -> tuple[str, dict[str, Any]]:
        """The address to send the person to, and what must be kept till the return."""
        ...

    async def finish(self, request: Request, kept: dict[str, Any]) -> tuple[str, str, str]:
        """Issuer, subject and name of the person who came back."""
        ...


@dataclass
class Desk:
    """One server's parts."""

    settings: Settings
    services: Services
    registry: GraphRegistry
    manager: RunManager
    accounts: AccountStore | None
    door: Door
    hub: FeedHub
    rates: Rates
    metrics: Metrics
    oidc: OidcClient | None = None

    async def run(self, run_id: str, owner: str) -> Run:
        """A run of this owner.

        Raises:
            HTTPException: 404; a foreign run and one that does not exist look the same.
        """
        try:
            run = await self.manager.run(run_id, owner)
        except RunError:
            raise not_found() from None
        if run.id != run_id:  # the store also finds runs by the beginning of their id
            raise not_found()
        return run


def not_found() -> HTTPException:
    """The one answer for what is not there and for what is somebody else's."""
    return HTTPException(404, "There is nothing here.")


def desk_of(request: Request) -> Desk:
    """The parts of the server that answers."""
    return request.app.state.desk


async def user_of(request: Request) -> User:
    """Who asks.

    Raises:
        HTTPException: 401, nobody is logged in.
    """
    desk = desk_of(request)
    if desk.accounts is None:
        return User(id=SINGLE_USER, name="")
    token = session_of(request.headers, desk.door)
    user = await asyncio.to_thread(desk.accounts.session_user, token) if token else None
    if user is None:
        raise HTTPException(401, "Nobody is logged in.")
    return user


async def owner_of(user: Annotated[User, Depends(user_of)]) -> str:
    """Whose runs the request may see."""
    return user.id


DeskDep = Annotated[Desk, Depends(desk_of)]
Owner = Annotated[str, Depends(owner_of)]


class Problem(BaseModel):
    """What went wrong, and what to do about it."""

    message: str
    mend: str = ""


class ErrorBody(BaseModel):
    """The body of every answer that is an error."""

    error: Problem


_CODES: dict[int | str, str] = {
    400: "The request is wrong.", 401: "Nobody is logged in.", 403: "Forged or not allowed.", 404: "Not there.",
    409: "The run's state does not allow it.", 413: "Too large.", 421: "Unknown host.", 422: "A value is wrong.",
    429: "Too many requests.", 431: "The head is too large.", 501: "An optional part is not installed.",
    503: "Not now.",
}  # fmt: skip
ERRORS: dict[int | str, dict[str, Any]] = {
    code: {"model": ErrorBody, "description": words} for code, words in _CODES.items()
}


def status_of(error: TenfoldError) -> int:
    """The HTTP status for an error of ours."""
    if isinstance(error, MissingExtra):
        return 501
    if isinstance(error, DocumentUnreadable | ConfigError | ModelError):
        return 400
    if isinstance(error, RunError | BudgetExceeded):
        return 409
    return 503


def problem(status: int, message: str, mend: str = "", headers: dict[str, str] | None = None) -> JSONResponse:
    """An error as the API tells it."""
    return JSONResponse({"error": {"message": message, "mend": mend}}, status_code=status, headers=headers)


def tell_errors(app: FastAPI) -> None:
    """Give every error the same body. What is wrong in here is logged, and not told to the outside."""

    async def ours(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, TenfoldError)
        return problem(status_of(error), error.message, error.mend)

    async def http(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        return problem(error.status_code, str(error.detail), headers=dict(error.headers or {}))

    async def invalid(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        # The value itself is not repeated: it may be a password.
        told = [f"{'.'.join(map(str, e['loc'][1:])) or e['loc'][0]}: {e['msg']}" for e in error.errors()[:5]]
        return problem(422, "; ".join(told), "Correct the request.")

    async def fault(_: Request, error: Exception) -> JSONResponse:
        _LOG.error("A request failed", exc_info=error)
        return problem(500, "The server made a mistake.", "Its log has the details.")

    app.add_exception_handler(TenfoldError, ours)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(Exception, fault)
