"""Login by an identity provider (OpenID Connect, code flow with PKCE and nonce)."""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from eventready.core.language import clean
from eventready.watch.web.access.cookie import cookie_of
from eventready.watch.web.access.limits import Bucket, record_act
from eventready.watch.web.access.login import begun, keys_of
from eventready.watch.web.page import Role
from eventready.watch.web.shares import client_of, network_of
from eventready.workspace.settings.watch import IdentityProvider

#: Logins begun at once, and their seconds until the provider has answered.
_BEGUN, _PATIENCE_S = 1000, 600.0
#: Logins begun by a client at once, and per second afterwards: no client ends the logins of others.
_OF_CLIENT = (50, 1 / 10)


class SignIn:
    """Logins at an identity provider. The state of a login on its way is bound to its browser by a cookie."""

    def __init__(self, provider: IdentityProvider, secret: str) -> None:
        from authlib.integrations.starlette_client import OAuth  # noqa: PLC0415  slow to import, and for some only

        self.provider = provider
        self._limit = Bucket(_OF_CLIENT[1], _OF_CLIENT[0])
        self._begun: OrderedDict[str, tuple[dict[str, Any], float]] = OrderedDict()
        self._client = OAuth().register(
            "provider",
            server_metadata_url=f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration",
            client_id=provider.client,
            client_secret=secret,
            client_kwargs={"scope": "openid profile email", "code_challenge_method": "S256", "timeout": 10},
        )

    async def leave(self, request: Request) -> Response:
        """Go to the provider. Raises HTTPException above the rate of a client."""
        if not self._limit.take(network_of(client_of(request.scope))):
            raise HTTPException(429)
        token = secrets.token_urlsafe(32)
        kept = request.scope["session"] = {}
        back = f"{request.url.scheme}://{request.headers['host']}/oidc/back"
        response: Response = await self._client.authorize_redirect(request, back)
        self._begun[token] = kept, time.monotonic()
        if len(self._begun) > _BEGUN:
            self._begun.popitem(last=False)
        secure = request.url.scheme == "https"
        name = _begun_cookie(request)
        response.set_cookie(name, token, max_age=int(_PATIENCE_S), httponly=True, samesite="lax", secure=secure)
        return response

    async def claims(self, request: Request) -> Mapping[str, Any]:
        """Return the verified claims of an answer of the provider. Raises HTTPException."""
        kept, at = self._begun.pop(request.cookies.get(_begun_cookie(request), ""), ({}, float("-inf")))
        if time.monotonic() - at > _PATIENCE_S:
            raise HTTPException(400)
        request.scope["session"] = kept
        token = await self._client.authorize_access_token(request)
        found: Mapping[str, Any] = token["userinfo"]
        return found

    def role(self, claims: Mapping[str, Any]) -> Role | None:
        """Return the role by the claim; None for other people."""
        value = claims.get(self.provider.claim)
        values = {one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)}
        if values.intersection(self.provider.operators):
            return "operator"
        return "viewer" if values.intersection(self.provider.viewers) else None


def _begun_cookie(request: Request) -> str:
    return f"{cookie_of(request).name}_oidc"


def sign_in_of(request: Request) -> SignIn:
    """Return the logins of the application. Raises HTTPException without an identity provider."""
    found: SignIn | None = request.app.state.sign_in
    if found is None:
        raise HTTPException(404)
    return found


async def leave(request: Request) -> Response:
    """Begin a login at the identity provider."""
    try:
        return await sign_in_of(request).leave(request)
    except HTTPException:
        raise
    except Exception as error:  # the provider, its network and its documents may fail in any way
        raise HTTPException(502) from error


async def back(request: Request) -> Response:
    """End a login: take the answer of the identity provider, and open a session."""
    sign_in = sign_in_of(request)
    try:
        claims = await sign_in.claims(request)
    except HTTPException:
        raise
    except Exception as error:  # an altered, old or forged answer, and a provider without an answer
        raise HTTPException(400) from error
    name, role, subject = name_of(claims), sign_in.role(claims), str(claims.get("sub", ""))[:255]
    if role is None or not name or not subject:
        await run_in_threadpool(record_act, request, "login refused", user=name, source="oidc", subject=subject)
        raise HTTPException(403)
    return await run_in_threadpool(_opened, request, name, role, subject)


def _opened(request: Request, name: str, role: Role, subject: str) -> Response:
    """Open a session of a person of the provider: never a person of a link, whatever the name."""
    issuer = sign_in_of(request).provider.issuer
    secret = keys_of(request).open(name, role, client_of(request.scope), source=issuer, subject=subject)
    return begun(request, secret, name, "oidc", subject=subject)


def name_of(claims: Mapping[str, Any]) -> str:
    """Return the name of a person as printed; empty without any."""
    values = (claims.get(key) for key in ("preferred_username", "email", "sub"))
    return next(filter(None, (clean(" ".join(one.split()))[:64] for one in values if isinstance(one, str))), "")
