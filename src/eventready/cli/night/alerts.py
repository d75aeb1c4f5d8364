"""`eventready watch alerts`: acts of people on the alerts of a watch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from eventready.checks.registry import all_checks
from eventready.cli.console import Cell, Listing
from eventready.cli.context import App
from eventready.cli.folding import fold
from eventready.cli.signing import current_user
from eventready.core.clock import Clock
from eventready.core.errors import Exit, UsageError
from eventready.core.messages import Lang, in_english, in_language, message, term, text
from eventready.core.records import Shape
from eventready.core.strings.matchers import Matcher, all_match
from eventready.core.strings.texts import at
from eventready.core.validation_messages import suggest
from eventready.store.store import Store
from eventready.store.watch_log import DEVICE
from eventready.watch.alerts.acts import Act, ActKind, Acts, is_check, matchers_of
from eventready.watch.alerts.alert import Alerts
from eventready.watch.alerts.calls import AlertCalls
from eventready.watch.alerts.explain import AlertExplanation, NextCall, impossible
from eventready.watch.alerts.explain import explain as explanations
from eventready.watch.record import WatchRecord
from eventready.watch.silence import cause_name
from eventready.watch.snapshot import Snapshots
from eventready.watch.states import Key
from eventready.workspace.settings.alerts import AlertsFile, load_alerts

_COLUMNS = ("id", "kind", "at", "until", "by", "matchers", "text")


def silence(app: App, *, alerts: Sequence[str], reason: str, by: str, seconds: float) -> None:
    """Send nothing about alerts with these labels for a time, whether they are there or come."""
    _record(app, "silence", alerts, reason=reason, by=by, seconds=seconds)


def acknowledge(app: App, *, alerts: Sequence[str], reason: str, by: str) -> None:
    """Take the present alerts with these labels in hand: no repeats and no escalation."""
    _record(app, "acknowledgement", alerts, reason=reason, by=by)


def expire(app: App, *, number: int, by: str) -> None:
    """End the silence or acknowledgement NUMBER of `eventready watch alerts list`."""
    with app.open_store() as store:
        _show(app, Acts(store, app.workspace.event.id, app.clock).expire(number, by=current_user(by)[0]))


def list_acts(app: App, *, ended: bool) -> None:
    """List silences, acknowledgements and notes in force, with name, time and reason."""
    with app.open_store() as store:
        acts = Acts(store, app.workspace.event.id, app.clock)
        found = acts.all() if ended else acts.active()
    app.show(
        [act.to_dict() for act in found], Listing("cli:alerts_column", _COLUMNS, (_row(act, app.lang) for act in found))
    )


def _row(act: Act, lang: Lang) -> Sequence[Cell]:
    kind, until = term("watch:act", act.kind, lang), at(act.until) if act.until else "-"
    return str(act.id), kind, at(act.at), until, act.by, ", ".join(map(str, act.matchers)), act.text


def test(app: App, *, receiver: str, really: bool, rehearsal: bool) -> int:
    """Send a test message to RECEIVER of alerts.yaml, or to the receiver of its first route."""
    clock = app.outgoing_clock(rehearsal=rehearsal) if really else app.clock
    with _calls(app, clock, really=really) as calls:
        if not isinstance(settings := calls.settings, AlertsFile):
            raise UsageError(message("watch:call.no_receivers"))
        names = [one.name for one in settings.receivers]
        if receiver and receiver not in names:
            raise UsageError(message("workspace:alerts.receiver", receiver=receiver), do=suggest(receiver, names))
        calls.receivers.test(receiver or settings.route.receiver, settings)
        attempts = calls.send() if really else []
    app.show(
        [
            {"address": one.delivery.address, "failed": one.failed, "outcome": in_english(one.outcome)}
            for one in attempts
        ],
        (f"{one.delivery.address}: {in_language(one.outcome, app.lang)}" for one in attempts),
    )
    return Exit.INCOMPLETE if any(one.failed for one in attempts) or (really and not attempts) else Exit.OK


def explain(app: App, *, alerts: Sequence[str]) -> None:
    """Show for ALERT its receivers at this minute, the times of their messages, and why there is none."""
    with _calls(app, app.clock) as calls:
        names = [device.name for device in app.workspace.devices]
        record = WatchRecord(calls.store, app.workspace.event.id, app.clock)
        calls.begin(names, record)
        for note in _notes(app, calls.store):
            app.notify(note)
        found = explanations(calls, calls.situation(record.resting(app.clock.now())), _matchers(app, alerts))
    app.show(
        [*map(Shape(AlertExplanation).plain, found)], (fold(explanation_lines(one, app.lang), "    ") for one in found)
    )


def _notes(app: App, store: Store) -> Sequence[str]:
    """Ids of sentences about the calls of the watch at work, or about none at work."""
    snapshot = Snapshots(store, app.workspace.event.id, app.clock).latest()
    if snapshot is None or snapshot.is_old(snapshot.age_s):
        return ("watch:call.note_gone",)
    return [note for note in snapshot.notes if note.startswith("watch:call.")]


@contextmanager
def _calls(app: App, clock: Clock, *, really: bool = False) -> Iterator[AlertCalls]:
    workspace = app.allowed_workspace if really else app.workspace
    settings = load_alerts(workspace.path)
    if settings is None:
        raise UsageError(message("watch:call.no_file"), where=str(workspace.path / "inventory" / "alerts.yaml"))
    for one in impossible(settings, workspace):
        app.say(one.whole)
    with app.open_store() as store:
        yield AlertCalls(workspace, settings, store, clock, app.say, really=really)


def _matchers(app: App, alerts: Sequence[str]) -> tuple[Matcher, ...]:
    """Parse ALERT. Raises UsageError, also for an unknown device or check: no alert would ever fit."""
    found, names = matchers_of(alerts), [device.name for device in app.workspace.devices]
    for label, operator, value in found:
        if operator == "=" and label == "device" and value and value not in names:
            raise UsageError(message("watch:pause.unknown", device=value), do=suggest(value, names))
        if operator == "=" and label == "check" and value != DEVICE and not is_check(value):
            known = [DEVICE, *(one.name for one in all_checks())]
            raise UsageError(message("watch:act.check", check=value), do=suggest(value, known))
    return found


def _record(
    app: App, kind: ActKind, alerts: Sequence[str], *, reason: str, by: str, seconds: float | None = None
) -> None:
    until = None if seconds is None else app.clock.now() + timedelta(seconds=min(seconds, 10**8))
    with app.open_store() as store:
        acts, matchers = Acts(store, app.workspace.event.id, app.clock), _matchers(app, alerts)
        _show(app, acts.add(kind, matchers, by=current_user(by)[0], text=reason, until=until))
        if kind == "acknowledgement" and not _open(app, store, matchers):
            app.notify("cli:alerts.none_open")


def _open(app: App, store: Store, matchers: Sequence[Matcher]) -> bool:
    """True with an open finding or a lost device of these labels in the latest state of a watch."""
    state = Snapshots(store, app.workspace.event.id, app.clock).latest()
    found = [(Key(*one.identity), one.status) for one in (state.open if state else ())]
    found += [
        (Key(one.name, DEVICE, ""), "not_measured") for one in (state.devices if state else ()) if one.age is None
    ]
    labels = Alerts({device.name: device for device in app.workspace.devices}).labels
    return any(all_match(matchers, labels(key, status)) for key, status in found)


def _show(app: App, act: Act) -> None:
    msgid = "cli:alerts.until" if act.until else "cli:alerts.recorded"
    until, kind = at(act.until) if act.until else "", term("watch:act", act.kind, app.lang)
    app.show(act.to_dict(), closing=[message(msgid, number=act.id, kind=kind, until=until)])


def explanation_lines(found: AlertExplanation, lang: Lang) -> Iterator[str]:
    """Yield the lines of an explanation."""
    labels = ", ".join(f'{name}="{one}"' for name, one in found.labels.items() if one)
    absent = text("watch:explain.absent", lang)
    yield labels + (text("watch:explain.since", lang, at=at(found.since)) if found.since else absent)
    if found.muted:
        yield "  " + text(f"watch:explain.{found.muted}", lang, cause=cause_name(found.cause, lang))
    for kind, act in (("silence", found.silence), ("acknowledgement", found.acknowledgement)):
        if act:
            yield "  " + text(f"watch:explain.by_{kind}", lang, by=act.by, number=act.id)
    if found.alertmanager:
        yield "  " + text("watch:explain.alertmanager", lang)
    for way in found.routes:
        when = {"interval": _minutes(way.interval_s), "repeat": _minutes(way.repeat_s)}
        yield "  " + text("watch:explain.route", lang, **_whom(way), **when, next=_moment(way.next))
        if higher := way.escalation:
            minutes, moment = _minutes(higher.after_s), _moment(higher.next)
            yield "  " + text("watch:explain.escalation", lang, **_whom(higher), after=minutes, at=moment)
        for sent in way.messages:
            states = [
                f"{address} {text(f'watch:delivery.{state}', lang)}" for address, state in sent.deliveries.items()
            ]
            yield "  " + text(
                "watch:explain.message", lang, at=at(sent.at), receiver=sent.receiver, states=states or ["-"]
            )


def _moment(found: datetime | None) -> str:
    return f"{at(found)}:{found:%S}" if found else "-"


def _minutes(seconds: float) -> float:
    return round(seconds / 60, 1)


def _whom(call: NextCall) -> dict[str, str | list[str]]:
    shown = [" ".join(filter(None, (one.person, f"<{one.address or '-'}>"))) for one in call.people]
    return {"receiver": call.receiver, "people": shown or ["-"]}
