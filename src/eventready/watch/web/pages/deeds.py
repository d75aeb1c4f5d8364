"""Deeds of a viewer and the sheet of the handover: acts on findings, silences, incidents, telephone numbers."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast, get_args
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, ImmutableMultiDict
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from eventready.core.clock import parse_moment
from eventready.core.errors import UsageError
from eventready.core.messages import in_language, message, sentence
from eventready.core.strings.matchers import Matcher
from eventready.incidents.incident import (
    ADDRESSEES,
    HOWS,
    KINDS,
    SERVICES,
    Addressee,
    How,
    Incident,
    Kind,
    addressee_name,
)
from eventready.incidents.log import Given, Report, incidents, open_incident, update_incident
from eventready.store.watch_log import DEVICE
from eventready.watch.alerts.acts import ActKind, Acts, is_check
from eventready.watch.web.access.limits import record_act
from eventready.watch.web.page import Handler, html, model_of, viewer_of
from eventready.watch.web.pages.details import SILENCES, identity_of, opened, present
from eventready.watch.web.pages.wall import open_rows

#: Act of a request and its form; returns the page that follows. Raises UsageError.
Deed = Callable[[Request, FormData], str]

_DIGITS = re.compile("[0-9]{1,18}")


def posted(deed: Deed, again: Callable[[Request, FormData, str], Response] | None = None) -> Handler:
    """Return the handler of an act: the next page, or the sentence of a refusal, in the form `again` where given."""

    async def handle(request: Request) -> Response:
        form = await request.form()
        try:
            following = await run_in_threadpool(deed, request, form)
        except UsageError as error:
            reason = sentence(error.reason(viewer_of(request).lang))  # remedies name options of commands
            return again(request, form, reason) if again else html(request, "refused.html", 400, reason=reason)
        request.app.state.feed.acted()
        return RedirectResponse(following, 303)

    return handle


def act(request: Request, form: FormData) -> str:
    """Acknowledge, note or silence a finding."""
    model, kind = model_of(request), _choice(form, "kind", get_args(ActKind))
    identity = identity_of({name: _field(form, name, strip=False) for name in ("device", "check", "subject")})
    devices = {"", *(device.name for device in model.workspace.devices)}
    if identity[0] not in devices or not (identity[1] == DEVICE or is_check(identity[1])):
        raise UsageError(message("web:deed.finding"))
    matchers = [
        Matcher(label, "=", value) for label, value in zip(("device", "check", "subject"), identity, strict=True)
    ]
    until = None
    if kind == "silence":
        minutes = int(_choice(form, "minutes", tuple(map(str, SILENCES))))
        until = model.clock.now() + timedelta(minutes=minutes)
    acts = Acts(model.store, model.workspace.event.id, model.clock)
    acts.add(cast(ActKind, kind), matchers, by=viewer_of(request).name, text=_field(form, "text"), until=until)
    return f"/finding?{urlencode(dict(zip(('device', 'check', 'subject'), identity, strict=True)))}"


def end_silence(request: Request, form: FormData) -> str:
    """End a silence."""
    model = model_of(request)
    Acts(model.store, model.workspace.event.id, model.clock).expire(_number(form, "act"), by=viewer_of(request).name)
    return "/handover"


def open_new(request: Request, form: FormData) -> str:
    """Open an incident with its facts."""
    model = model_of(request)
    report = Report(
        by=viewer_of(request).name,
        summary=_field(form, "summary"),
        began=parse_moment(began) if (began := _field(form, "began")) else None,
        venue=_field(form, "venue") or None,
        place=_field(form, "place"),
        services=tuple(str(one) for one in form.getlist("service")),
        kind=cast(Kind, _choice(form, "kind", KINDS)),
        subscribers=_number(form, "subscribers") if _field(form, "subscribers") else None,
    )
    if not set(report.services) <= set(SERVICES):
        raise UsageError(message("web:deed.choice", field="service"))
    return f"/incident/{open_incident(report, model.workspace.event, model.store, model.clock).id}"


def give_notice(request: Request, form: FormData) -> str:
    """Mark a notice of an incident as given."""
    model, name = model_of(request), _own(request).id
    notice = Given(
        cast(Addressee, _choice(form, "to", ADDRESSEES)), cast(How, _choice(form, "how", HOWS)),
        _field(form, "recipient"), final=bool(_field(form, "final")),
    )  # fmt: skip
    report = Report(by=viewer_of(request).name, notices=(notice,))
    return f"/incident/{update_incident(name, report, model.workspace.event, model.store, model.clock).id}"


def new_incident(request: Request) -> Response:
    """Form of a new incident, with the finding of the query."""
    return _incident_form(request, request.query_params)


def new_incident_again(request: Request, form: FormData, reason: str) -> Response:
    """Form of a refused incident, with its reason and its values."""
    return _incident_form(request, form, reason)


def _incident_form(request: Request, typed: ImmutableMultiDict[str, Any], reason: str = "") -> Response:
    event, chosen = model_of(request).workspace.event, typed.getlist("service")
    query = {name: value for name, value in typed.items() if isinstance(value, str)}
    return html(
        request, "incident_new.html", 400 if reason else 200, event=event, services=SERVICES, kinds=KINDS, query=query,
        chosen=chosen, reason=reason,
    )  # fmt: skip


def incident(request: Request) -> Response:
    """Page of an incident: facts, notices due and given, actions."""
    return html(request, "incident.html", **facts_of(_own(request), request), ways=HOWS, offices=ADDRESSEES)


def _own(request: Request) -> Incident:
    """Return the incident of a path. Raises HTTPException for an unknown name, and for a rehearsal from outside."""
    model, name = model_of(request), request.path_params["name"]
    for found in incidents(model.store):
        if found.id == name and found.rehearsal == model.clock.rehearsal:
            return found
    raise HTTPException(404)


def facts_of(found: Incident, request: Request) -> dict[str, Any]:
    """Return the context of a template for an incident: its demands and the names of the offices."""
    event, lang, moment = model_of(request).workspace.event, viewer_of(request).lang, model_of(request).clock.now()
    return {
        "one": found,
        "moment": moment,
        "demands": found.demands(event.notice_limits, moment),
        "addressee": lambda to: in_language(addressee_name(to, event), lang),
    }


def _field(form: FormData, name: str, *, strip: bool = True) -> str:
    """Return a text of a form; empty for an absent text and for a file."""
    value = form.get(name, "")
    return "" if not isinstance(value, str) else value.strip() if strip else value


def _number(form: FormData, name: str) -> int:
    """Return a number of a form. Raises UsageError for another text, and beyond 18 digits."""
    if not _DIGITS.fullmatch(value := _field(form, name)):
        raise UsageError(message("web:deed.choice", field=name))
    return int(value)


def _choice(form: FormData, name: str, choices: tuple[str, ...]) -> str:
    """Return a choice of a form. Raises UsageError for another value."""
    value = _field(form, name)
    if value not in choices:
        raise UsageError(message("web:deed.choice", field=name))
    return value


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


async def number(request: Request) -> Response:
    """Numbers of a person on duty now."""
    wanted = str((await request.form()).get("person", ""))
    return await run_in_threadpool(_shown_number, request, wanted)


def _shown_number(request: Request, wanted: str) -> Response:
    viewer = viewer_of(request)
    people = {one.person.id: one.person for one in model_of(request).night().on_duty}
    if not viewer.name or viewer.kiosk:
        raise HTTPException(403)
    if wanted not in people:
        raise HTTPException(404)
    record_act(request, "telephone number", person=wanted)
    return html(request, "number.html", person=people[wanted])
