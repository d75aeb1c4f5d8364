"""Health of the server: `/healthz` answers while the store can be read."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse

from eventready.watch.web.page import model_of


def healthz(request: Request) -> JSONResponse:
    """State of the store and of the watch; 503 without a readable store."""
    night = model_of(request).night()
    state = "gone" if night.gone else "watching"
    return JSONResponse({"store": not night.broken, "watch": state}, 503 if night.broken else 200)
