"""`eventready` alone in a workspace: the state of the event, urgent matters, and the next commands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from shlex import quote
from typing import Any

from rich.text import Text as RichText

from eventready.change.execute.status import advice, device_statuses, exit_on_record, needs_person
from eventready.change.plan.mends import open_findings, proposals, standing_intents
from eventready.change.plan.paths import last_audit
from eventready.clauses.deadlines import Deadline
from eventready.clauses.event_record import EventRecord
from eventready.clauses.gather import gather
from eventready.cli.audit.run_summary import verdict_table
from eventready.cli.context import App
from eventready.cli.folding import fold
from eventready.core.errors import Exit, StoreError
from eventready.core.language import Language
from eventready.core.messages import Message, Text, in_both, message, term, text
from eventready.core.strings.texts import at, moment_of
from eventready.store.run import Run
from eventready.store.store import Store
from eventready.workspace.permission import is_allowed
from eventready.workspace.settings.event import Window
from eventready.workspace.workspace import Workspace

#: Time ahead in which a deadline or a gap of the roster is urgent.
_SOON = timedelta(hours=48)
#: Age from which an audit is old: before a window, and in the hours before and during a window.
_OLD, _OLD_LIVE = timedelta(hours=24), timedelta(hours=1)
#: Time before a window from which a watch is due.
_EVE = timedelta(hours=2)
#: Age of the last beat of a watch at work.
_BEAT = timedelta(minutes=10)
#: Commands proposed; late matters shown, and as many due ones.
_MOST, _SHOWN = 5, 4
_URGENT = ("late", "due")
_PENDING = (*_URGENT, "open", "near")
#: Deadlines that no command meets after the event.
_BEFORE = ("test", "duty_list", "works")
#: Command that serves a deadline of a kind.
_SERVES = {
    "weekly_report": "report weekly",
    "duty_list": "roster check",
    "test": "audit",
    "incident": "incident list",
    "works": "works check",
    "configuration": "changes list",
    "waiver": "duties deadlines",
}


@dataclass(frozen=True)
class ProposedCommand:
    """Runnable command line with its reason."""

    command: str
    reason: Text


@dataclass(frozen=True)
class Overview:
    """State of an event at a moment. `run`: newest audit of all devices.

    `urgent`: changes, and gaps of the roster; `late`: deadlines, the last first; `due`: within 48 hours, by time.
    """

    workspace: Workspace
    moment: datetime
    record: EventRecord
    run: Run | None
    urgent: tuple[Text, ...]
    late: tuple[Text, ...]
    due: tuple[Text, ...]
    steps: tuple[ProposedCommand, ...]

    @property
    def open_windows(self) -> Sequence[Window]:
        """Windows open now."""
        return self.workspace.event.windows_at(self.moment)

    @property
    def next_window(self) -> Window | None:
        """The coming window of the event itself; None after the last."""
        return _coming(self.workspace, self.moment)

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        event, coming = self.workspace.event, self.next_window
        audit = None
        if self.run:
            audit = {
                "id": self.run.id,
                "at": self.run.header.moment,
                "rehearsal": self.run.header.clock.rehearsal,
                "verdicts": [{"venue": v, "service": s, "verdict": one.verdict}
                             for one in self.run.verdicts() for v, s in (one.place,)],
            }  # fmt: skip
        return {
            "event": event.id,
            "at": self.moment.isoformat(timespec="seconds"),
            "open": [_plain(window) for window in self.open_windows],
            "next": _plain(coming) if coming else None,
            "over": bool(event.end and self.moment >= event.end),
            "audit": audit,
            "urgent": [*map(in_both, self.urgent)],
            "late": [*map(in_both, self.late)],
            "due": [*map(in_both, self.due)],
            "steps": [{"command": one.command, "reason": in_both(one.reason)} for one in self.steps],
        }


def overview(app: App) -> Exit:
    """Show the state of the event, its urgent matters and the next commands."""
    found = overview_of(app)
    for notice in found.record.notices:
        app.say(notice)
    app.show(found.to_dict, _shown(app, found))
    return Exit.OK


def overview_of(app: App) -> Overview:
    """Return the state of the event at the time of the command."""
    workspace, moment = app.workspace, app.clock.now()
    record, run = gather(workspace, app.clock), last_audit(workspace, app.clock)
    deadlines = [one for one in record.deadlines(workspace, moment) if _is_urgent(one, moment)]
    urgent, steps = _of_changes(app)
    ended = workspace.event.end is not None and moment >= workspace.event.end
    if record.example:
        steps.append(ProposedCommand("lab up", message("cli:overview.example")))
        steps.append(ProposedCommand("inventory template", message("cli:overview.own")))
    else:
        due = [one for one in deadlines if not (one.kind in _BEFORE and (ended or (one.kind == "test" and one.late)))]
        steps += [*_ground(app), *_measuring(app, record, run, moment, settled=not steps), *_serving(due)]
    if gaps := _gaps(record, moment):
        urgent.append(message("cli:overview.gaps", n=gaps))
        steps.append(ProposedCommand("roster check", message("cli:overview.gaps", n=gaps)))
    first = {step.command: step.reason for step in reversed(steps)}
    ordered = [*dict.fromkeys(step.command for step in steps)][:_MOST]
    return Overview(
        workspace, moment, record, run, tuple(urgent),
        tuple(_deadline(one) for one in reversed(deadlines) if one.late),
        tuple(_deadline(one) for one in deadlines if not one.late),
        tuple(ProposedCommand(app.hint(f"eventready {command}"), first[command]) for command in ordered),
    )  # fmt: skip


def _coming(workspace: Workspace, moment: datetime) -> Window | None:
    ahead = [one for one in workspace.event.windows if one.kind == "event" and one.start > moment]
    return min(ahead, key=lambda one: one.start, default=None)


def _is_urgent(one: Deadline, moment: datetime) -> bool:
    return one.status in _URGENT or (one.status in _PENDING and one.due <= moment + _SOON)


def _deadline(one: Deadline) -> Text:
    msgid = "cli:overview.late" if one.late else "cli:overview.deadline"
    return message(msgid, at=at(one.due), what=one.title)


def _serving(deadlines: Sequence[Deadline]) -> Iterator[ProposedCommand]:
    """Yield a command for the first deadline of each kind, the last weekly report; none for a freeze."""
    for kind in dict.fromkeys(one.kind for one in deadlines):
        every = [one for one in deadlines if one.kind == kind]
        first = every[-1 if kind == "weekly_report" else 0]
        clause = quote(first.id.removeprefix("clause-"))
        if command := f"duties show {clause}" if kind == "clause" else _SERVES.get(kind, ""):
            yield ProposedCommand(command, _deadline(first))


def _gaps(record: EventRecord, moment: datetime) -> int:
    """Count the roster's gaps of the coming hours."""
    gaps = record.roster.gaps if record.roster else ()
    return sum(one.end > moment and one.start < moment + _SOON for one in gaps)


def _of_changes(app: App) -> tuple[list[Text], list[ProposedCommand]]:
    """Return the unfinished and waiting changes as sentences, and the commands for those needing a person."""
    urgent, steps = list[Text](), list[ProposedCommand]()
    if not Store.exists(app.workspace_path):
        return urgent, steps
    with app.open_store(make=False, only_reads=True) as store:
        for one in store.waiting.pending():
            state = term("change:waiting", one.state, app.lang)
            urgent.append(message("cli:overview.waiting", change=one.id, state=state, at=at(one.announced.at)))
            if one.state == "lost":
                steps.append(ProposedCommand(f"changes cancel {one.id}", message("change:waits_lost", change=one.id)))
        for entry in store.changes.entries():
            sentence, step = _of_change(store, entry.id)
            urgent += [sentence] if sentence else []
            steps += [step] if step else []
    return urgent, steps


def _of_change(store: Store, change: str) -> tuple[Text | None, ProposedCommand | None]:
    """Return the state of an unfinished change and its command; nothing for a finished change."""
    if store.changes.is_active(change):
        running = message("cli:overview.running", change=change)
        return running, ProposedCommand(f"apply --attach {change}", running)
    try:
        record = store.changes.get(change)
    except StoreError as error:
        return message("cli:overview.unreadable", change=change, reason=error.cause), None
    if record.altered or needs_person(device_statuses(record)) or exit_on_record(record) is None:
        command = ProposedCommand(f"changes show {change}", advice(record))
        return message("cli:overview.unfinished", change=change), command
    return None, None


def _ground(app: App) -> Iterator[ProposedCommand]:
    """Yield the preconditions of an audit."""
    workspace = app.workspace
    if not workspace.devices:
        yield ProposedCommand("inventory template", message("cli:overview.no_devices"))
        return
    if not is_allowed(app.workspace_path):
        yield ProposedCommand("trust content", message("cli:overview.not_allowed"))
    unknown = sum(device.expect.names_nothing for device in workspace.devices)
    if unknown:
        yield ProposedCommand("inventory learn", message("cli:overview.unknown", n=unknown))


def _measuring(
    app: App, record: EventRecord, run: Run | None, moment: datetime, *, settled: bool
) -> Iterator[ProposedCommand]:
    """Yield audit, watch, plan and papers by the age of the measurement. `settled`: no change is open."""
    workspace, event = app.workspace, app.workspace.event
    if event.end and moment >= event.end:
        yield ProposedCommand("report final", message("cli:overview.over", at=at(event.end)))
        return
    coming = _coming(workspace, moment)
    near = bool(event.windows_at(moment, "event")) or bool(coming and coming.start - moment <= _EVE)
    if not workspace.devices:
        return
    if run is None:
        yield ProposedCommand("audit", message("cli:overview.unmeasured"))
        return
    age = moment - moment_of(run.header.moment)
    if age < timedelta():
        yield ProposedCommand("audit", message("cli:overview.future"))
    elif age >= (_OLD_LIVE if near else _OLD):
        yield ProposedCommand("audit", message("cli:overview.old", age=_span(age)))
    if near and not any(moment - then <= _BEAT for then, _ in record.watch.beats[-1:]):
        yield ProposedCommand("watch", message("cli:overview.unwatched"))
    if settled and not near and not event.windows_at(moment, "freeze") and is_allowed(app.workspace_path):
        with suppress(StoreError):
            made = proposals(workspace, app.equipment, [*open_findings(run)], standing_intents(workspace))
            for best in made[:1]:
                reason = message("cli:overview.mends", n=len(best.findings))
                yield ProposedCommand(f"plan {quote(best.intent)}", reason)
    if not near:
        yield ProposedCommand("report readiness", message("cli:overview.paper"))


def _span(length: timedelta) -> Message:
    """Return a length in days, hours or minutes."""
    minutes = round(length / timedelta(minutes=1))
    if minutes < 60:
        return message("cli:overview.minutes", n=minutes)
    if minutes < 48 * 60:
        return message("cli:overview.hours", n=minutes // 60)
    return message("cli:overview.days", n=minutes // (24 * 60))


def _plain(window: Window) -> dict[str, Any]:
    return {
        "kind": window.kind,
        "title": in_both(window.title),
        "start": window.start.isoformat(timespec="minutes"),
        "end": window.end.isoformat(timespec="minutes"),
        "venues": [*window.venues],
    }


def _shown(app: App, found: Overview) -> Iterator[Any]:
    lang, event = app.lang, found.workspace.event
    yield RichText(event.title.render(lang), style="bold")
    yield from _when(found)
    if found.run:
        moment = Language(lang).moment(found.run.header.moment)
        age, mark = found.moment - moment_of(found.run.header.moment), ""
        if found.run.header.clock.rehearsal:
            mark = text("cli:run.rehearsal", lang)
        msgid = "cli:overview.audit" if age >= timedelta() else "cli:overview.audit_later"
        yield RichText(text(msgid, lang, run=found.run.id, at=moment, age=_span(abs(age)), rehearsal=mark))
        yield verdict_table(found.run, lang)
    else:
        yield message("cli:overview.no_audit")
    shown = [*found.urgent, *found.late[:_SHOWN], *found.due[:_SHOWN]]
    urgent = [one.render(lang) for one in shown]
    if more := len(found.urgent) + len(found.late) + len(found.due) - len(shown):
        urgent.append(app.hint(message("cli:overview.more", n=more)))
    steps = [f"{one.command}: {app.hint(one.reason)}" for one in found.steps]
    for title, lines in (("cli:overview.urgent", urgent), ("cli:overview.next", steps)):
        if lines:
            yield ""
            yield RichText(text(title, lang), style="bold")
            yield from fold(f"  {line}" for line in lines)


def _when(found: Overview) -> Iterator[Message]:
    """Yield the open windows and the time to the next."""
    event, moment = found.workspace.event, found.moment
    for window in found.open_windows:
        venues = [one.title for one in event.venues_of(window)]
        yield message("cli:overview.open", title=window.title, venues=venues, until=at(window.end))
    if coming := found.next_window:
        venues = [one.title for one in event.venues_of(coming)]
        yield message(
            "cli:overview.coming",
            title=coming.title,
            venues=venues,
            at=at(coming.start),
            left=_span(coming.start - moment),
        )
    elif event.end and moment >= event.end:
        yield message("cli:overview.over", at=at(event.end))
