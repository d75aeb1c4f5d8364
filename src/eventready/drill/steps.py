"""Steps of a drill, as recorded before they are taken, and the measurements among them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal, TypeAlias

from pydantic import PlainSerializer

from eventready.core.records import Kinds, Moment, Sentence, Stream, Words
from eventready.drill.spec import Drill, ProbeKind

#: Of a run: before or after the changes that prepare for its failure; `unknown` where neither was read.
Stage: TypeAlias = Literal["before", "after", "unknown"]


@dataclass(frozen=True)
class Prepared:
    """Changes of a drill's devices: in force on all of them as read, on some of them only, and not read (reasons)."""

    in_force: tuple[str, ...] = ()
    partly: tuple[str, ...] = ()
    unread: tuple[Words, ...] = ()

    @property
    def stage(self) -> Stage:
        """`after` with a change in force; `before` where all was read and none is, not even partly."""
        if self.in_force:
            return "after"
        return "unknown" if self.partly or self.unread else "before"


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
    kind: ProbeKind
    value: float | None
    limit: float
    unit: str
    resolution: float = 0.0
    sent: int = 0
    lost: int = 0
    reordered: int = 0
    outages: tuple[tuple[float, float | None], ...] = ()  # (begin, end) in seconds since the failure
    detail: Words = ""
    measures: tuple[ProbeMeasure, ...] = ()  # empty for counters
    flows: FlowFigures | None = None
    void: Words = ""

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
class Predicted:
    """Finding of an audit, announcing a long outage."""

    check: str
    device: str
    subject: str
    status: str
    message: Words


@dataclass(frozen=True)
class DeviceEvent:
    """Event of a device, in seconds since the failure."""

    at_s: float
    device: str
    fault: str
    action: Literal["made", "repaired"]


@dataclass(frozen=True)
class DrillStep:
    """Step of a drill."""


@dataclass(frozen=True)
class Opened(DrillStep):
    """The drill begins, at a time of the event. `network`: kind of the target; `plan`: id of the plan in production.

    named: `by` is a person's name; otherwise a login.
    """

    name: str
    spec: Annotated[Drill, PlainSerializer(lambda drill: drill.model_dump(mode="json", by_alias=True))]
    event_time: Moment
    by: str
    target: Words
    network: str
    rehearsal: bool
    plan: str = ""
    named: bool = True


@dataclass(frozen=True)
class Prechecked(DrillStep):
    """The devices were audited, and their changes read; `run`: id of the audit, `unmet`: requirements."""

    run: str
    unmet: tuple[Sentence, ...] = ()
    predicted: tuple[Predicted, ...] = ()
    prepared: Prepared = field(default_factory=Prepared)


@dataclass(frozen=True)
class Failing(DrillStep):
    """The failures are made."""


@dataclass(frozen=True)
class Repairing(DrillStep):
    """The failures are repaired."""


@dataclass(frozen=True)
class Repaired(DrillStep):
    """The failures are gone."""


@dataclass(frozen=True)
class ProbesMeasured(DrillStep):
    """Result of each probe, events of devices, and real time of the failure."""

    probes: tuple[ProbeResult, ...]
    events: tuple[DeviceEvent, ...]
    failed: Moment


@dataclass(frozen=True)
class Verified(DrillStep):
    """The devices were audited again."""

    run: str
    unmet: tuple[Sentence, ...] = ()


@dataclass(frozen=True)
class Closed(DrillStep):
    """The drill ends."""

    outcome: Outcome
    reason: Words = ""


STEPS: Kinds[DrillStep] = Kinds("step", {
    "opened": Opened, "prechecked": Prechecked, "failing": Failing, "measured": ProbesMeasured, "repairing": Repairing,
    "repaired": Repaired, "verified": Verified, "closed": Closed,
})  # fmt: skip
STREAM = Stream("drill", STEPS)
