"""Login at an OpenID provider: discovery, code flow with PKCE, state and nonce; Authlib does the protocol."""

from __future__ import annotations

import os
from typing import Any

from fastapi import Request
from starlette.exceptions import HTTPException

from ...errors import ConfigError
from ...settings import WebSettings


class Provider:
    """One OpenID provider.

    Raises:
        ConfigError: The settings lack what a login needs.
    """

    def __init__(self, web: WebSettings) -> None:
        from authlib.integrations.starlette_client import OAuth

        assert web.oidc is not None
        if not web.public_url:
            raise ConfigError(
                "Login through a provider needs to know the server's own address.", mend="Set web.public_url."
            )
        self._settings = web.oidc
        self._return = web.public_url.rstrip("/") + "/api/oidc/callback"
        name = web.oidc.client_secret_env
        secret = os.environ.get(name) if name else None
        if name and not secret:
            raise ConfigError(
                f"The environment has no {name}, the provider's client secret.", mend=f"Set {name}."
            )
        oauth: Any = OAuth()
        oauth.register(
            "idp",
            client_id=web.oidc.client_id,
            client_secret=secret,
            server_metadata_url=web.oidc.issuer.rstrip("/") + "/.well-known/openid-configuration",
            client_kwargs={"scope": "openid profile email", "code_challenge_method": "S256", "timeout": 10.0},
        )
        self._client: Any = oauth.idp

    async def begin(self, request: Request) -> tuple[str, dict[str, Any]]:
        """The provider's address for this login, and state, nonce and verifier to keep on the server."""
        import httpx

        request.scope["session"] = {}
        try:
            answer = await self._client.authorize_redirect(request, self._return)
        except (httpx.HTTPError, RuntimeError, ValueError) as error:
            raise HTTPException(503, "The login provider does not answer.") from error
        return answer.headers["location"], request.scope["session"]

    async def finish(self, request: Request, kept: dict[str, Any]) -> tuple[str, str, str]:
        """Issuer, subject and name of the person who came back.

        Raises:
            HTTPException: 400 when the answer is not the provider's to this login, 403 when the person may not enter.
        """
        import httpx
        from authlib.integrations.base_client import OAuthError
        from joserfc.errors import JoseError

        request.scope["session"] = kept
        if not any(key.endswith(f"_{request.query_params.get('state')}") for key in kept):
            raise HTTPException(400, "This login was not begun here.")
        try:
            token = await self._client.authorize_access_token(request)
        except httpx.HTTPError as error:
            raise HTTPException(503, "The login provider does not answer.") from error
        except (OAuthError, JoseError, ValueError, KeyError, RuntimeError) as error:
            raise HTTPException(400, "The provider's answer is not valid for this login.") from error
        who = token.get("userinfo")
        if not who or not who.get("sub"):
            raise HTTPException(400, "The provider sent no ID token.")
        self._check_allowed(who)
        name = who.get("preferred_username") or who.get("email") or who.get("name") or "user"
        return str(who["iss"]), str(who["sub"]), str(name)

    def _check_allowed(self, who: Any) -> None:
        if not self._settings.allow:
            return
        address = str(who.get("email") or "").casefold()
        allowed = [rule.casefold() for rule in self._settings.allow]
        fits = address in allowed or any(rule.startswith("@") and address.endswith(rule) for rule in allowed)
        if not fits or who.get("email_verified") is not True:
            raise HTTPException(403, "This account may not enter here.")
