"""Handover of a shift: open findings with the people at work on them, incidents, silences, changes, notes, duty."""

from __future__ import annotations

from datetime import timedelta

from starlette.requests import Request
from starlette.responses import Response

from eventready.watch.alerts.acts import Acts
from eventready.watch.web.page import html, model_of
from eventready.watch.web.pages.deeds import facts_of
from eventready.watch.web.pages.details import opened, present
from eventready.watch.web.pages.wall import open_rows

#: Notes on the sheet are younger.
_NOTES = timedelta(hours=24)


def handover(request: Request) -> Response:
    """Sheet of the handover, for the screen and for paper."""
    model, now = model_of(request), present(request)
    acts = Acts(model.store, model.workspace.event.id, model.clock).all()
    notes = [one for one in acts if one.kind == "note" and one.at > now.night.moment - _NOTES]
    return html(
        request, "handover.html", wall=now, notes=notes,
        found=open_rows(opened(now, lambda _one: True), now.below),
        incidents=[facts_of(one, request) for one in now.night.incidents],
    )  # fmt: skip
