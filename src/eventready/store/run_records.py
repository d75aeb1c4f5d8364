"""Records of a run document as stored: its header, devices, findings, observations and verdicts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from pydantic import JsonValue

from eventready.core.messages import Bilingual, Message, from_record
from eventready.core.records import JsonDocument, Shape
from eventready.store.run_walk import ServiceWalk

#: Device, and the name of its port, neighbour, base station, cell, access point or service; empty for the device.
Named = tuple[str, str]


@dataclass(frozen=True)
class Resting:
    """Elements resting on an element `on`."""

    on: Named
    elements: tuple[Named, ...]


def resting_of(rests: Mapping[Named, Named]) -> tuple[Resting, ...]:
    """Elements with the element below each, for a record; inverse of `below_each`."""
    found: dict[Named, list[Named]] = {}
    for element, below in rests.items():
        found.setdefault(below, []).append(element)
    return tuple(Resting(on, tuple(sorted(elements))) for on, elements in sorted(found.items()))


def below_each(found: Iterable[Resting]) -> dict[Named, Named]:
    """Return the elements of a record with the element below each."""
    return {element: one.on for one in found for element in one.elements}


SCHEMA = "eventready.run/2"

#: Status of a finding, of the reading of a fact, and verdict on a service.
FindingStatus: TypeAlias = Literal["pass", "warn", "fail", "not_measured", "waived"]
ReadingStatus: TypeAlias = Literal["parsed", "empty", "unparsed", "unsupported", "denied", "unreachable", "timeout"]
VerdictWord: TypeAlias = Literal["READY", "READY_WITH_RISK", "NOT_MEASURED", "NOT_READY"]
#: Figure of a finding, and its limit.
Figure: TypeAlias = int | float | str | None
#: Message of the catalogue, or a text in both languages, as plain JSON types.
StoredMessage: TypeAlias = Mapping[str, JsonValue] | None


@dataclass(frozen=True)
class RunFinding:
    """Finding of a run; its fields are those of `checks.finding.Finding`.

    `message`: the sentence in English. `waiver`: who waived it, until when and why, in English; `waiver_text`: the same
    as a message. `was`: status without the waiver.
    """

    check: str
    device: str
    status: FindingStatus
    subject: str = ""
    message: str = ""
    message_id: str = ""
    params: Mapping[str, JsonValue] = field(default_factory=dict)
    value: Figure = None
    limit: Figure = None
    unit: str = ""
    duties: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    venues: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    blind: bool = False
    waiver: str = ""
    waiver_text: StoredMessage = None
    was: FindingStatus | Literal[""] = ""

    @property
    def identity(self) -> tuple[str, str, str]:
        """Identity of the finding across runs: check, device, subject."""
        return self.check, self.device, self.subject

    @property
    def reference(self) -> str:
        """Name of the finding among the references of a verdict: device, check, subject."""
        return f"{self.device} {self.check} {self.subject}".strip()

    @property
    def waiver_words(self) -> str | Message:
        """The waiver with its message."""
        return from_record(vars(self), "waiver")


@dataclass(frozen=True)
class UnreadRecord:
    """Unread record of an answer: its subject as printed, and the reason."""

    subject: str
    reason: str = ""
    reason_message: StoredMessage = None


@dataclass(frozen=True)
class RunObservation:
    """Reading of a fact of a device; its fields are those of `facts.observation.Observation`.

    `rows`: records of the fact. `inventory`: no check needs the fact. `complete`: `unknown` for an output that may lack
    its end.
    """

    device: str
    fact: str
    status: ReadingStatus
    reading: int = 1
    command: str = ""
    evidence: str = ""
    reason: str = ""
    reason_message: StoredMessage = None
    rows: tuple[Mapping[str, JsonValue], ...] = ()
    unmatched: tuple[str, ...] = ()
    unread: tuple[UnreadRecord, ...] = ()
    complete: Literal["", "unknown"] = ""
    unconfirmed: bool = False
    inventory: bool = False

    @property
    def measured(self) -> bool:
        """True for a parsed or an honestly empty answer."""
        return self.status in ("parsed", "empty")


@dataclass(frozen=True)
class RunVerdict:
    """Verdict on a service at a venue.

    `reasons`: ids of messages. `because`: the reasons in English, then the references of findings (see
    `RunFinding.reference`), or `device (27)` for the checks of a device without a reading.
    """

    venue: str
    service: str
    verdict: VerdictWord
    reasons: tuple[str, ...] = ()
    because: tuple[str, ...] = ()
    walk: ServiceWalk | None = None

    @property
    def place(self) -> tuple[str, str]:
        """Venue and service."""
        return self.venue, self.service


@dataclass(frozen=True)
class RunDevice:
    """Device of a run. `reason`: cause of a failed connection, in English. `worker`: its reader in a cluster."""

    name: str
    role: str = ""
    platform: str = ""
    venues: tuple[str, ...] = ()
    reachable: bool = False
    reason: str = ""
    reason_message: StoredMessage = None
    worker: str = ""
    without_expectations: bool = False


@dataclass(frozen=True)
class RunClock:
    """Event time of a run, ISO 8601."""

    event: str = ""
    rehearsal: bool = False


@dataclass(frozen=True)
class RunVenue:
    """Venue of the event of a run, with its services."""

    id: str
    name: str = ""
    name_vi: str = ""
    services: tuple[str, ...] = ()

    @property
    def title(self) -> Bilingual:
        """Name in both languages; the id of a venue without a name."""
        return Bilingual(self.name_vi or self.name or self.id, self.name or self.id)


@dataclass(frozen=True)
class RunDuty:
    """Clause of the event of a run, in both languages."""

    id: str
    vi: str = ""
    en: str = ""


@dataclass(frozen=True)
class EventInfo:
    """Event of a run for reports."""

    name: str = ""
    name_vi: str = ""
    venues: tuple[RunVenue, ...] = ()
    duties: tuple[RunDuty, ...] = ()

    @property
    def title(self) -> Bilingual:
        """Name in both languages."""
        return Bilingual(self.name_vi, self.name)


@dataclass(frozen=True)
class RunCoverage:
    """Extent of measurement: needed observations, those measured whole (with their `ratio`) and in part.

    `seen`: ports, neighbours, cells and access points in use; `uncovered`: those without an expectation;
    `unseen_devices`: devices on which none were read.
    """

    needed: int = 0
    measured: int = 0
    partial: int = 0
    ratio: float = 0.0
    seen: int = 0
    uncovered: int = 0
    unseen_devices: int = 0


@dataclass(frozen=True)
class FewerSessions:
    """Devices read at once: wanted, and allowed by the machine."""

    wanted: int
    most: int


@dataclass(frozen=True)
class ClusterWorker:
    """Worker of a cluster: number of its devices, and its clock less ours in seconds."""

    name: str
    devices: int
    skew_s: float


@dataclass(frozen=True)
class RefusedWorker:
    """Worker of a cluster without requests, with the part unlike ours."""

    name: str
    other: str
    theirs: str
    ours: str


@dataclass(frozen=True)
class RunCluster:
    """Workers of the cluster of a run."""

    workers: tuple[ClusterWorker, ...] = ()
    refused: tuple[RefusedWorker, ...] = ()


@dataclass(frozen=True)
class RunHeader:
    """Run without its lists. `started`, `finished`: real time; `clock`: the event's.

    `saved`: read from saved outputs. `window`: name of the window of the verdicts. `sessions`: where the machine
    allowed fewer than wanted. `rests`: elements resting on lost elements. `previous`: hash of the run before in the
    store. `sha256`: hash of all other fields.
    """

    id: str = ""
    event: str = ""
    started: str = ""
    finished: str = ""
    tool: str = ""
    state: Literal["finished", "interrupted"] = "finished"
    clock: RunClock = RunClock()
    event_info: EventInfo = EventInfo()
    coverage: RunCoverage = RunCoverage()
    devices: tuple[RunDevice, ...] = ()
    saved: bool = False
    window: str = ""
    sessions: FewerSessions | None = None
    cluster: RunCluster | None = None
    rests: tuple[Resting, ...] = ()
    previous: str | None = None
    sha256: str = ""

    @property
    def moment(self) -> str:
        """Event time, ISO 8601; the real time in a run without event time."""
        return self.clock.event or self.started

    @property
    def below(self) -> Mapping[Named, Named]:
        """Elements resting on lost elements, with the element below each."""
        return below_each(self.rests)


@dataclass(frozen=True)
class RunDocument(RunHeader):
    """Run document whole."""

    findings: tuple[RunFinding, ...] = ()
    observations: tuple[RunObservation, ...] = ()
    verdicts: tuple[RunVerdict, ...] = ()


def plain_finding(finding: RunFinding) -> dict[str, JsonValue]:
    """Finding as plain JSON types, with the fields of the run document."""
    plain: dict[str, JsonValue] = {**vars(finding)}
    return plain if finding.waiver_text else {name: plain[name] for name in plain if name != "waiver_text"}


def plain_verdict(verdict: RunVerdict) -> dict[str, JsonValue]:
    """Verdict as plain JSON types."""
    return Shape(RunVerdict, whole=True).plain(verdict)


#: Run document, and its part beside the lists.
RUN, HEADER = JsonDocument(SCHEMA, RunDocument), JsonDocument(SCHEMA, RunHeader, whole=True)
#: Items of its lists.
FINDINGS, OBSERVATIONS, VERDICTS = Shape(list[RunFinding]), Shape(list[RunObservation]), Shape(list[RunVerdict])
