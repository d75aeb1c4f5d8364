"""Drills on record: state, result and timeline of a drill from its journal entries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Literal, TypeAlias, TypeVar

from eventready.core.clock import Clock
from eventready.core.errors import RefusedError, UsageError
from eventready.core.messages import Message, as_data, in_english, in_language, message
from eventready.drill.spec import Drill
from eventready.drill.steps import (
    STEPS,
    STREAM,
    Closed,
    DrillStep,
    Failing,
    Opened,
    Outcome,
    Prechecked,
    Predicted,
    Prepared,
    ProbeResult,
    ProbesMeasured,
    Repaired,
)
from eventready.store.store import Store
from eventready.store.streams.journal import OPENING, JournalEntry, unfit

Entry: TypeAlias = JournalEntry[DrillStep]
_Step = TypeVar("_Step", bound=DrillStep)


@dataclass(frozen=True)
class DrillRun:
    """State of a drill from its entries, the first of which is `opened`. Times are aware."""

    id: str
    opened: Opened
    steps: tuple[Entry, ...] = field(repr=False)

    @cached_property
    def drill(self) -> Drill:
        """Definition of the drill, with its name."""
        return self.opened.spec.model_copy(update={"name": self.opened.name})

    @property
    def begun(self) -> datetime:
        """Time of the event at which the drill began."""
        return self.opened.event_time

    @property
    def probes(self) -> tuple[ProbeResult, ...]:
        """Results; empty before the measurement."""
        measured = self.last(ProbesMeasured)
        return measured.probes if measured else ()

    @property
    def outcome(self) -> Outcome | None:
        """Outcome; None for an open drill."""
        closed = self.last(Closed)
        return closed.outcome if closed else None

    @property
    def reason(self) -> str | Message:
        """Reason of the outcome in English, or an empty text."""
        closed = self.last(Closed)
        return closed.reason if closed else ""

    def reason_in(self, lang: str) -> str:
        """Return the reason of the outcome in a language."""
        return in_language(self.reason, lang)

    @property
    def failing(self) -> bool:
        """True when failures were made, or begun, and are not recorded as repaired."""
        last = [entry.body for entry in self.steps if isinstance(entry.body, Failing | Repaired)]
        return bool(last) and isinstance(last[-1], Failing)

    @property
    def finished(self) -> bool:
        """True when the drill is closed."""
        return self.outcome is not None

    @property
    def predicted(self) -> tuple[Predicted, ...]:
        """Findings of the audit before the failure, announcing a long outage."""
        return (self.last(Prechecked) or Prechecked("")).predicted

    @property
    def prepared(self) -> Prepared:
        """Changes of the drill's devices as read before the failure."""
        return (self.last(Prechecked) or Prechecked("")).prepared

    @property
    def person(self) -> str:
        """Name of the operator; empty for a login."""
        return self.opened.by if self.opened.named else ""

    def to_dict(self) -> dict[str, Any]:
        """The drill as plain JSON types, for `-o json` and papers."""
        measured = self.last(ProbesMeasured)
        return {
            "id": self.id,
            "drill": self.opened.name,
            "begun": self.begun.isoformat(),
            "by": self.opened.by,
            "target": in_english(self.opened.target),
            "rehearsal": self.opened.rehearsal,
            "changes": list(self.prepared.in_force),
            "stage": self.prepared.stage,
            "outcome": self.outcome,
            "reason": in_english(self.reason),
            "predicted": as_data(self.predicted),
            "probes": [{**as_data(probe), "within": probe.within} for probe in self.probes],
            "events": as_data(measured.events) if measured else [],
            "steps": [{"step": STEPS.name(entry.body), "recorded": entry.recorded} for entry in self.steps],
        }

    def last(self, kind: type[_Step]) -> _Step | None:
        """The last step of a kind; None when the step was not reached."""
        return next((entry.body for entry in reversed(self.steps) if isinstance(entry.body, kind)), None)


class DrillRecord:
    """Journal of a drill. Each step is on the disk before the next action begins."""

    def __init__(self, store: Store, run_id: str) -> None:
        self._journal = store.journal(STREAM)
        self.id = run_id

    @classmethod
    def open(cls, store: Store, opened: Opened) -> DrillRecord:
        """Open the journal of a drill. Raises RefusedError while another drill is open."""

        def decide(entries: Sequence[Entry]) -> tuple[str, DrillStep]:
            unfinished = [run.id for run in replay(entries) if not run.finished]
            if unfinished:
                raise RefusedError(message("drill:run.unfinished", run=unfinished[0]))
            return _new_id(opened.event_time, {entry.key for entry in entries}), opened

        return cls(store, store.journal(STREAM).append(decide, Clock.real()).key)

    def close(self, outcome: Outcome, reason: Message | None = None) -> None:
        """Record the end of the drill."""
        self.write(Closed(outcome, reason if reason else ""))

    def write(self, step: DrillStep) -> None:
        """Record a step with the real time."""
        self._journal.append(lambda _: (self.id, step), Clock.real())


def drill_runs(store: Store) -> tuple[DrillRun, ...]:
    """All drills on record, the oldest first."""
    return replay(store.journal(STREAM).entries())


def drill_run_named(runs: Sequence[DrillRun], name: str) -> DrillRun:
    """Drill run by name, unique prefix, or `latest`. Raises UsageError."""
    if not runs:
        raise UsageError(message("drill:run.none"))
    if name == "latest":
        return runs[-1]
    matches = [run for run in runs if run.id == name] or [run for run in runs if run.id.startswith(name)]
    if len(matches) != 1:
        msgid = "drill:run.several" if matches else "drill:run.unknown"
        raise UsageError(message(msgid, name=name), do=message("drill:run.listed"))
    return matches[0]


def replay(entries: Iterable[Entry]) -> tuple[DrillRun, ...]:
    """Drills of journal entries, in the order of opening."""
    by_run: dict[str, list[Entry]] = {}
    for entry in entries:
        by_run.setdefault(entry.key, []).append(entry)
    return tuple(_run(key, steps) for key, steps in by_run.items())


def _run(key: str, steps: Sequence[Entry]) -> DrillRun:
    opened = steps[0].body
    if not isinstance(opened, Opened):
        raise unfit(steps[0], OPENING)
    return DrillRun(key, opened, tuple(steps))


def _new_id(now: datetime, taken: set[str]) -> str:
    """`DT-20330725-01`: the day by the event's clock, and a number."""
    day = f"DT-{now:%Y%m%d}"
    return next(name for number in range(1, 10_000) if (name := f"{day}-{number:02d}") not in taken)


Kind = Literal["step", "device", "lost", "answered"]


@dataclass(frozen=True, order=True)
class TimelineEntry:
    """Event of a drill. `at_s`: seconds since the failure, negative before; `subject`: step, device or probe.

    `detail`: fault with its action of a device; empty elsewhere. `duration_ms`: outage ended by an answer.
    """

    at_s: float
    kind: Kind
    subject: str
    detail: str = ""
    duration_ms: float | None = None


def timeline(run: DrillRun) -> tuple[TimelineEntry, ...]:
    """Entries of a drill in the order of time; empty for a drill without a failure."""
    begin = failed_at(run)
    if begin is None:
        return ()
    steps = (
        TimelineEntry((datetime.fromisoformat(entry.recorded) - begin).total_seconds(), "step", STEPS.name(entry.body))
        for entry in run.steps
    )
    return tuple(sorted((*steps, *_device_events(run), *_losses(run)), key=lambda entry: entry.at_s))


def failed_at(run: DrillRun) -> datetime | None:
    """Real time of the failure; None for a drill without a failure."""
    if measured := run.last(ProbesMeasured):
        return measured.failed
    failing = (datetime.fromisoformat(entry.recorded) for entry in run.steps if isinstance(entry.body, Failing))
    return next(failing, None)


def _device_events(run: DrillRun) -> Iterator[TimelineEntry]:
    measured = run.last(ProbesMeasured)
    for event in measured.events if measured else ():
        yield TimelineEntry(event.at_s, "device", event.device, f"{event.fault} {event.action}")


def _losses(run: DrillRun) -> Iterator[TimelineEntry]:
    for probe in run.probes:
        for begin, end in probe.outages:
            yield TimelineEntry(begin, "lost", probe.probe)
            if end is not None:
                yield TimelineEntry(end, "answered", probe.probe, duration_ms=1000 * (end - begin))
