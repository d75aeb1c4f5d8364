"""Server of the pages: uvicorn on an address, until SIGINT or SIGTERM."""

from __future__ import annotations

import uvicorn
from starlette.types import ASGIApp

#: Seconds for open streams at the end.
_GRACE_S = 2


def serve(app: ASGIApp, host: str, port: int) -> None:
    """Serve an application until SIGINT or SIGTERM."""
    config = uvicorn.Config(
        app, host, port, log_level="warning", server_header=False, timeout_graceful_shutdown=_GRACE_S, lifespan="off"
    )
    uvicorn.Server(config).run()
