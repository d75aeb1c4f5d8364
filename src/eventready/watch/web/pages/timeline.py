"""Timeline of the night: changes of state, acts, incidents and changes of configuration, the latest first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from starlette.requests import Request
from starlette.responses import Response

from eventready.core.language import Language
from eventready.core.messages import Lang, in_language, text
from eventready.core.strings.texts import moment_of
from eventready.incidents.incident import Incident, addressee_name
from eventready.incidents.log import incidents
from eventready.store.watch_log import RecordedChange
from eventready.watch.alerts.acts import Act, Acts
from eventready.watch.record import key_of
from eventready.watch.silence import cause_name
from eventready.watch.states import Key, sentence_id
from eventready.watch.web.page import html, model_of, viewer_of
from eventready.watch.web.read_model import ReadModel

#: Entries on the page, and of the history of a device or a finding.
SHOWN, HISTORY = 500, 50


@dataclass(frozen=True)
class NightEntry:
    """Entry at a time of the event's clock. `state`: new state of a finding (`key`); `cause`: lost device."""

    at: datetime
    kind: Literal["change", "act", "incident", "configuration"]
    text: str
    by: str = ""
    state: str = ""
    key: Key | None = None
    cause: str = ""


def timeline(request: Request) -> Response:
    """Page of the timeline."""
    found = entries(model_of(request), viewer_of(request).lang)
    return html(request, "timeline.html", entries=found[:SHOWN], more=len(found) > SHOWN)


def entries(model: ReadModel, lang: Lang) -> list[NightEntry]:
    """Return the entries, the latest first, with more changes than the page at most. Raises StoreError."""
    language = Language(lang)
    found = [_change(*one, language) for one in model.record.latest(SHOWN + 1)]
    found += _acts(model, lang)
    for incident in incidents(model.store):
        if incident.rehearsal == model.clock.rehearsal:
            found += _incident(incident, model, lang)
    found += _configuration(model, lang)
    return sorted(found, key=lambda one: one.at, reverse=True)


def changes_of(model: ReadModel, lang: Lang, **wanted: str) -> list[NightEntry]:
    """Return the latest changes of state of a device, or of a finding, with the acts there, the latest first.

    `wanted`: device, check, subject. Raises StoreError.
    """
    found = [_change(*one, Language(lang)) for one in model.record.latest(HISTORY, **wanted)]
    acts = (one for one in _acts(model, lang) if one.key and one.key._asdict() | wanted == one.key._asdict())
    return sorted([*reversed(found), *acts], key=lambda one: one.at, reverse=True)[:HISTORY]


def _change(at: datetime, change: RecordedChange, language: Language) -> NightEntry:
    cause, key = cause_name(change.cause, language.code), key_of(change)
    return NightEntry(at, "change", _sentence(change, key, language), state=change.new, key=key, cause=cause)


def _sentence(change: RecordedChange, key: Key, language: Language) -> str:
    if change.sentence:
        return language.sentence(change.sentence)
    name = sentence_id(key, change.old, change.new)
    return language.phrase(name, check=language.check(key.check), subject=key.subject)


def _acts(model: ReadModel, lang: Lang) -> Iterator[NightEntry]:
    """Acts, and their ends by a person."""
    for act in Acts(model.store, model.workspace.event.id, model.clock).all():
        entry = _act(act, lang)
        yield entry
        if act.ended_by and act.until:
            yield replace(entry, at=act.until, text=text("web:did.end", lang, act=entry.text), by=act.ended_by)


def _act(act: Act, lang: Lang) -> NightEntry:
    named = {one.label: one.value for one in act.matchers if one.operator == "="}
    key = Key(**named) if named.keys() == set(Key._fields) and len(act.matchers) == len(named) else None
    labels = "" if key else f" {', '.join(map(str, act.matchers))}"
    reason = f": {act.text}" if act.text else ""
    return NightEntry(act.at, "act", f"{text(f'web:did.{act.kind}', lang)}{labels}{reason}", act.by, key=key)


def _incident(incident: Incident, model: ReadModel, lang: Lang) -> Iterator[NightEntry]:
    """Begin, actions, notices and end of an incident."""
    name = incident.id
    yield NightEntry(incident.began, "incident", f"{name}: {incident.place}: {incident.summary}", incident.by)
    for action in incident.actions:
        yield NightEntry(action.at, "incident", f"{name}: {action.text}", action.by)
    for notice in incident.notices:
        office = in_language(addressee_name(notice.to, model.workspace.event), lang)
        given = text("web:did.notice", lang, to=office, recipient=notice.recipient)
        yield NightEntry(notice.at, "incident", f"{name}: {given}", notice.by)
    if incident.restored:
        yield NightEntry(incident.restored, "incident", f"{name}: {text('web:did.restored', lang)}")


def _configuration(model: ReadModel, lang: Lang) -> Iterator[NightEntry]:
    for one in model.store.changes.entries():
        if one.event == model.workspace.event.id and one.header.rehearsal == model.clock.rehearsal:
            what = text("web:did.change", lang, change=one.id, devices=list(one.outcomes))
            yield NightEntry(moment_of(one.header.event_time or one.begun), "configuration", what, one.header.by)
