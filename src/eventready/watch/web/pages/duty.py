"""Telephone number of a person on duty, for a logged-in viewer; every look is logged."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from eventready.watch.web.access.log import record
from eventready.watch.web.page import html, model_of, viewer_of


async def number(request: Request) -> Response:
    """Numbers of a person on duty now."""
    wanted = str((await request.form()).get("person", ""))
    return await run_in_threadpool(_number, request, wanted)


def _number(request: Request, wanted: str) -> Response:
    viewer = viewer_of(request)
    people = {one.person.id: one.person for one in model_of(request).night().on_duty}
    if not viewer.name or viewer.kiosk:
        raise HTTPException(403)
    if wanted not in people:
        raise HTTPException(404)
    record(request, "telephone number", person=wanted)
    return html(request, "number.html", person=people[wanted])
