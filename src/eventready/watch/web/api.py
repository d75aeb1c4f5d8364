"""State of the night as JSON, as `openapi.yaml` describes. Sentences are in the language of the request."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

from eventready.change.execute.progress import RecordedProgress
from eventready.checks.runbook import runbook
from eventready.core.language import Language
from eventready.incidents.text import incident_plain
from eventready.store.waiting_changes import WaitingChange
from eventready.watch.alerts.acts import is_check
from eventready.watch.open_finding import RANK
from eventready.watch.snapshot_record import OpenEntry
from eventready.watch.states import Key
from eventready.watch.web.page import model_of, viewer_of
from eventready.watch.web.pages.details import opened, present
from eventready.watch.web.pages.timeline import SHOWN, entries
from eventready.watch.web.pages.wall import Wall
from eventready.workspace.files.yaml_document import load_yaml

PREFIX = "/api/"


def night(request: Request) -> JSONResponse:
    """Headline of the wall, verdicts, devices, incidents and changes of now."""
    now = present(request)
    limits, state = now.event.notice_limits, now.night
    verdicts = state.snapshot.verdicts if state.snapshot else ()
    return _answer(now, {
        "headline": now.headline,
        "audit_age_s": state.audit_age_s,
        "first_left": now.first.left if now.first else 0,
        "verdicts": [
            {"venue": one.venue, "service": one.service, "verdict": one.verdict} for one in verdicts
        ],
        "devices": [{"name": name, "age_s": age} for name, age in now.ages.items()],
        "incidents": [incident_plain(one, one.demands(limits, state.moment)) for one in state.incidents],
        "changes": [
            {"device": one.device, "change": one.change, "by": one.by, "since": one.since} for one in state.changes
        ],
        "progress": [_progress(one) for one in state.progress],
        "waiting": [_waiting(one) for one in state.waiting],
    })  # fmt: skip


def findings(request: Request) -> JSONResponse:
    """Open findings, of a device, check or status of the query; unknown values are refused."""
    now, query = present(request), request.query_params
    known = {"device": {"", *now.devices}.__contains__, "check": is_check, "status": RANK.__contains__}
    if not all(name in known and known[name](value) for name, value in query.items()):
        raise HTTPException(400)
    wanted = dict(query)
    found = opened(now, lambda one: all(vars(one)[name] == value for name, value in wanted.items()))
    language = Language(viewer_of(request).lang)
    return _answer(now, {"findings": [_finding(one, now, language) for one in found]})


def steps(request: Request) -> JSONResponse:
    """Runbook of a check."""
    name = request.path_params["name"]
    found = runbook(name, viewer_of(request).lang)
    if found is None:
        raise HTTPException(404)
    return JSONResponse({"check": name, "meaning": found.meaning, "steps": list(found.steps)})


def history(request: Request) -> JSONResponse:
    """Entries of the timeline."""
    found = entries(model_of(request), viewer_of(request).lang)[:SHOWN]
    return JSONResponse({
        "entries": [
            {
                "at": one.at.isoformat(), "kind": one.kind, "text": one.text, "by": one.by, "state": one.state,
                "cause": one.cause, **(one.key or Key("", "", ""))._asdict(),
            }
            for one in found
        ]
    })  # fmt: skip


def openapi(_request: Request) -> JSONResponse:
    """OpenAPI document."""
    return JSONResponse(description())


@cache
def description() -> Mapping[str, Any]:
    """Return the OpenAPI document."""
    return load_yaml(Path(__file__).parent / "openapi.yaml").mapping()


def _answer(now: Wall, content: Mapping[str, object]) -> JSONResponse:
    """Answer with the age of the data; 503 without data of the present. Raises the failure of the store."""
    night = now.night
    if night.broken:
        raise night.broken
    at = night.since.isoformat() if night.since else None
    return JSONResponse({"at": at, "age_s": night.age_s, "gone": night.gone, **content}, 503 if night.gone else 200)


def _progress(one: RecordedProgress) -> dict[str, Any]:
    return {
        "change": one.change, "active": one.active, "readable": one.readable, "wave": one.wave, "waves": one.waves,
        "to_go": list(one.to_go), "awaiting": list(one.awaiting),
        "ends": one.ends.isoformat(timespec="seconds") if one.ends else None, "overdue": one.overdue,
        "devices": [vars(device) for device in one.in_order],
    }  # fmt: skip


def _waiting(one: WaitingChange) -> dict[str, Any]:
    announced = one.announced
    return {
        "change": one.id, "state": one.state, "plan": announced.plan, "by": announced.by, "host": announced.host,
        "begins": announced.at.isoformat(timespec="seconds"), "window": announced.window,
        "devices": list(announced.devices), "rehearsal": announced.rehearsal,
    }  # fmt: skip


def _finding(one: OpenEntry, now: Wall, language: Language) -> dict[str, Any]:
    return {
        "device": one.device, "check": one.check, "subject": one.subject, "status": one.status,
        "since": one.since.isoformat(timespec="seconds"),
        "message": language.sentence(one),
        "acts": [
            {"kind": act.kind, "by": act.by, "text": act.text, "until": act.until.isoformat() if act.until else None}
            for act in now.acts_on(one)
        ],
    }  # fmt: skip
