"""Drills on record: journal entries, and the state and result of a drill from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Literal

from eventready.core.clock import Clock
from eventready.core.errors import RefusedError, UsageError
from eventready.core.messages import Message, from_json, from_stored, message, to_json
from eventready.drill.spec import Drill
from eventready.drill.stage import Stage, stage_on_record
from eventready.store.records.stream import Stream
from eventready.store.store import Store
from eventready.store.streams.journal import JournalEntry

#: The journal stream of drills. A body's `step` is one of `Step`; `opened` comes first, `closed` last.
STREAM: Stream[Any] = Stream("drill", dict[str, Any])
Step = Literal["opened", "prechecked", "failing", "measured", "repairing", "repaired", "verified", "closed"]
#: `void`: the probes were not sent as planned, and nothing is measured.
Outcome = Literal["passed", "failed", "unpredicted", "void", "refused", "interrupted"]
#: Outcomes with a measurement.
MEASURED: tuple[Outcome, ...] = ("passed", "failed", "unpredicted")


#: Limits of a stream: outage of the failure and of the repair, loss and round trip from failure to repair.
MeasureName = Literal["outage", "repair", "loss", "latency"]


@dataclass(frozen=True)
class ProbeMeasure:
    """A figure of a stream with its limit. `value` None: the outage did not end, or no answer has a round trip."""

    name: MeasureName
    value: float | None
    limit: float
    unit: str

    @property
    def within(self) -> bool:
        """True when the value is known and within its limit."""
        return self.value is not None and self.value <= self.limit


@dataclass(frozen=True)
class FlowFigures:
    """Flows of a stream from failure to repair: number, flows with a loss, loss of all requests.

    `median_ms`: longest outage of the median flow, None without an end; `round_trip_ms`: the median's, None without an
    answer.
    """

    flows: int
    hit: int
    median_ms: float | None
    loss_percent: float
    round_trip_ms: float | None


@dataclass(frozen=True)
class ProbeResult:
    """Measurement of a probe with its limit. `value` None: the outage did not end before the repair.

    `value` is the first of the stream's `measures`: the worst flow's longest outage, else loss, else round trip.
    `unit` is `ms`, `%` or `x` (the fullest access point against the mean); `resolution` is in the same unit. `void`:
    the reason why nothing is measured; the value is None then.
    """

    probe: str
    kind: str
    value: float | None
    limit: float
    unit: str
    resolution: float = 0.0
    sent: int = 0
    lost: int = 0
    reordered: int = 0
    outages: tuple[tuple[float, float | None], ...] = ()  # (begin, end) in seconds since the failure
    detail: str = ""
    measures: tuple[ProbeMeasure, ...] = ()  # empty for counters and in older records
    flows: FlowFigures | None = None
    void: str = ""

    @property
    def within(self) -> bool:
        """True when every value is known and within its limit."""
        if self.measures:
            return not self.void and all(measure.within for measure in self.measures)
        return self.value is not None and self.value <= self.limit

    def measure(self, name: MeasureName) -> ProbeMeasure | None:
        """ProbeMeasure by name; None without such a limit."""
        return next((measure for measure in self.measures if measure.name == name), None)


@dataclass(frozen=True)
class DrillRun:
    """State of a drill from its entries. Times are aware."""

    id: str
    drill: Drill
    opened: Mapping[str, Any]
    begun: datetime
    steps: tuple[JournalEntry[Any], ...] = field(repr=False)
    probes: tuple[ProbeResult, ...] = ()
    outcome: Outcome | None = None
    reason: str = ""
    reason_text: Message | None = None

    def reason_in(self, lang: str) -> str:
        """Return the reason of the outcome in a language; records before messages were kept have English only."""
        return self.reason_text.render(lang) if self.reason_text else self.reason

    @property
    def failing(self) -> bool:
        """True when failures were made, or begun, and are not recorded as repaired."""
        last = [str(entry.body["step"]) for entry in self.steps if entry.body["step"] in ("failing", "repaired")]
        return bool(last) and last[-1] == "failing"

    @property
    def finished(self) -> bool:
        """True when the drill is closed."""
        return self.outcome is not None

    @property
    def plan(self) -> str:
        """Id of the plan of the failure in production; empty on a lab."""
        return str(self.opened.get("plan", ""))

    @property
    def target(self) -> str:
        """Network of the drill, in a few words."""
        return from_stored(self.opened["target"])

    @property
    def changes(self) -> tuple[str, ...]:
        """Changes in force on the drill's devices as read before the failure."""
        prepared = self.step("prechecked").get("prepared") or {}
        return tuple(str(change) for change in prepared.get("in_force", self.opened.get("changes", ())))

    @property
    def stage(self) -> Stage:
        """Stage of the run: before or after the changes of the preparing intents."""
        return stage_on_record(self.step("prechecked"), self.opened.get("changes", ()))

    @property
    def person(self) -> str:
        """Name of the operator; empty for a login."""
        by = str(self.opened["by"])
        return by if self.opened.get("named", by != "root") else ""

    def to_dict(self) -> dict[str, Any]:
        """The drill as plain JSON types, for `-o json` and papers."""
        return {
            "id": self.id,
            "drill": self.drill.name,
            "begun": self.begun.isoformat(),
            "by": self.opened["by"],
            "target": str(self.target),
            "rehearsal": self.opened["rehearsal"],
            "changes": list(self.changes),
            "stage": self.stage,
            "outcome": self.outcome,
            "reason": self.reason,
            "predicted": list(self.step("prechecked").get("predicted", ())),
            "probes": [{**asdict(probe), "within": probe.within} for probe in self.probes],
            "events": list(self.step("measured").get("events", ())),
            "steps": [{"step": entry.body["step"], "recorded": entry.recorded} for entry in self.steps],
        }

    def step(self, name: Step) -> Mapping[str, Any]:
        """The body of the last entry of a step; empty when the step was not reached."""
        return next((entry.body for entry in reversed(self.steps) if entry.body["step"] == name), {})


class DrillRecord:
    """Journal of a drill. Each step is on the disk before the next action begins."""

    def __init__(self, store: Store, run_id: str) -> None:
        self._journal = store.journal(STREAM)
        self.id = run_id

    @classmethod
    def open(cls, store: Store, drill: Drill, clock: Clock, body: Mapping[str, Any]) -> DrillRecord:
        """Open the journal of a drill. Raises RefusedError while another drill is open."""
        now = clock.now()

        def decide(entries: Sequence[JournalEntry[Any]]) -> tuple[str, Mapping[str, Any]]:
            unfinished = [run.id for run in replay(entries) if not run.finished]
            if unfinished:
                raise RefusedError(message("drill:run.unfinished", run=unfinished[0]))
            key = _new_id(now, {entry.key for entry in entries})
            spec = drill.model_dump(mode="json", by_alias=True)
            return key, {"step": "opened", "drill": drill.name, "spec": spec, "event_time": now.isoformat(), **body}

        return cls(store, store.journal(STREAM).append(decide, clock.real()).key)

    def close(self, outcome: Outcome, reason: Message | None = None) -> None:
        """Record the end of the drill, with the reason in English and as a message."""
        text = {"reason": "", "reason_text": None}
        if reason is not None:
            text = {"reason": reason.render("en"), "reason_text": to_json(reason)}
        self.write("closed", outcome=outcome, **text)

    def write(self, step: Step, **body: Any) -> None:
        """Record a step with the real time."""
        self._journal.append(lambda _: (self.id, {"step": step, **body}), Clock.real())


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


def replay(entries: Iterable[JournalEntry[Any]]) -> tuple[DrillRun, ...]:
    """Drills of journal entries, in the order of opening."""
    by_run: dict[str, list[JournalEntry[Any]]] = {}
    for entry in entries:
        by_run.setdefault(entry.key, []).append(entry)
    return tuple(_run(key, steps) for key, steps in by_run.items())


def _run(key: str, steps: Sequence[JournalEntry[Any]]) -> DrillRun:
    opened = steps[0].body
    measured: Mapping[str, Any] = next(
        (entry.body for entry in reversed(steps) if entry.body["step"] == "measured"), {}
    )
    closed: Mapping[str, Any] = next((entry.body for entry in reversed(steps) if entry.body["step"] == "closed"), {})
    return DrillRun(
        id=key,
        drill=Drill.model_validate(opened["spec"]).model_copy(update={"name": opened["drill"]}),
        opened=opened,
        begun=datetime.fromisoformat(opened["event_time"]),
        steps=tuple(steps),
        probes=tuple(_probe_result(row) for row in measured.get("probes", ())),
        outcome=closed.get("outcome"),
        reason=closed.get("reason", ""),
        reason_text=from_json(closed["reason_text"]) if closed.get("reason_text") else None,
    )


def _probe_result(row: Mapping[str, Any]) -> ProbeResult:
    outages = tuple((float(begin), None if end is None else float(end)) for begin, end in row["outages"])
    return ProbeResult(
        **{
            **row,
            "outages": outages,
            "detail": from_stored(row.get("detail", "")),
            "measures": tuple(ProbeMeasure(**measure) for measure in row.get("measures", ())),
            "flows": FlowFigures(**row["flows"]) if row.get("flows") else None,
            "void": from_stored(row.get("void", "")),
        }
    )


def _new_id(now: datetime, taken: set[str]) -> str:
    """`DT-20330725-01`: the day by the event's clock, and a number."""
    day = f"DT-{now:%Y%m%d}"
    return next(name for number in range(1, 10_000) if (name := f"{day}-{number:02d}") not in taken)
