"""The parts of a bundle as typed data, with bounds.

Bounds of texts and lists keep a report of any accepted bundles small. Raw readings, names of people and telephone
numbers stay with the operator; the hash of the run names what can be requested from the operator.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, TypeAlias, get_args

from pydantic import AwareDatetime, Field, StringConstraints

from eventready.core.records import JsonDocument, Shape
from eventready.store.integrity import Checkpoint
from eventready.store.run_records import FindingStatus
from eventready.workspace.settings.duties import LONGEST_ID, MOST_DUTIES
from eventready.workspace.settings.event import MOST_VENUES

Verdict: TypeAlias = Literal["READY", "READY_WITH_RISK", "NOT_READY", "NOT_MEASURED"]
State: TypeAlias = Literal["done", "in_progress", "not_done", "not_applicable"]
STATUSES: tuple[FindingStatus, ...] = get_args(FindingStatus)
PartName: TypeAlias = Literal["run", "duties", "roster", "incidents"]

#: The parts of every bundle.
PARTS: tuple[PartName, ...] = get_args(PartName)

#: Characters of a name and a text.
LONGEST_NAME, LONGEST_TEXT = 300, 1000

#: Earlier signed runs whose hashes a bundle repeats.
EARLIER = 20

#: Entries of each list; those of venues and clauses are the bounds of a workspace.
VERDICTS, FINDINGS, INCIDENTS, PARAMS, PLATFORMS, FACTS = 1200, 2000, 500, 20, 100, 100

_Id: TypeAlias = Annotated[str, StringConstraints(max_length=LONGEST_ID)]
_Name: TypeAlias = Annotated[str, StringConstraints(max_length=LONGEST_NAME)]
_Words: TypeAlias = Annotated[str, StringConstraints(max_length=LONGEST_TEXT)]
_Count: TypeAlias = Annotated[int, Field(strict=True, ge=0, le=1_000_000_000)]
_Number: TypeAlias = Annotated[int, Field(strict=True, ge=-(10**15), le=10**15)]
_Moment: TypeAlias = Annotated[
    AwareDatetime, Field(ge=datetime(2000, 1, 1, tzinfo=UTC), le=datetime(2200, 1, 1, tzinfo=UTC))
]
_Sha256: TypeAlias = Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{64})?$")]
_Position: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[1-9]\d{0,8}$")]
_Scalar: TypeAlias = bool | _Number | Annotated[float, Field(strict=True, allow_inf_nan=False)] | _Words | None
_List: TypeAlias = Annotated[list[_Scalar], Field(max_length=PARAMS)]
_Facts: TypeAlias = Annotated[list[_Id], Field(max_length=FACTS)]
_Param: TypeAlias = _Scalar | _List | Annotated[dict[_Id, _Scalar | _List], Field(max_length=PARAMS)]


@dataclass(frozen=True)
class PartDigest:
    """Hash and size in bytes of a part."""

    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    size: _Count


@dataclass(frozen=True)
class Manifest:
    """The signed statement about the parts. `made` is the event's time, `made_real` the real time in UTC.

    `key` is the fingerprint of the key. `number` counts the bundles of the operator from 1; `previous` is the digest of
    the bundle before, empty in the first. `checkpoint` is the signed head of the operator's runs;
    `earlier` has the hashes of the runs that earlier bundles signed, by position, as the operator's store has them now.
    """

    event: Annotated[_Id, Field(min_length=1)]
    operator: Annotated[_Name, Field(min_length=1)]
    key: _Id
    number: Annotated[_Count, Field(ge=1)]
    made: _Moment
    made_real: _Moment
    rehearsal: bool
    parts: dict[PartName, PartDigest]
    previous: _Sha256 = ""
    tool: _Id = ""
    checkpoint: Checkpoint | None = None
    earlier: Annotated[dict[_Position, _Sha256], Field(max_length=EARLIER)] = field(default_factory=dict)

    @property
    def signed(self) -> tuple[int, str]:
        """Position and hash of the signed head; (0, "") without a checkpoint."""
        return (self.checkpoint.position, self.checkpoint.head) if self.checkpoint else (0, "")


#: Schema of version 2.
MANIFEST = JsonDocument("eventready.bundle/2", Manifest)


@dataclass(frozen=True)
class VenueEntry:
    """A venue of the run."""

    id: _Id
    name: _Name = ""
    name_vi: _Name = ""


@dataclass(frozen=True)
class VerdictEntry:
    """The verdict of a service at a venue."""

    venue: _Id
    service: _Id
    verdict: Verdict


@dataclass(frozen=True)
class FindingEntry:
    """A failed or unmeasured finding of the run, without its evidence."""

    check: _Id
    device: _Name
    status: Literal["fail", "not_measured"]
    subject: _Words = ""
    message: _Words = ""
    message_id: _Id = ""
    params: Annotated[dict[_Id, _Param], Field(max_length=PARAMS)] = field(default_factory=dict)
    venues: Annotated[tuple[_Id, ...], Field(max_length=MOST_VENUES)] = ()
    services: Annotated[tuple[_Id, ...], Field(max_length=20)] = ()
    blind: bool = False


@dataclass(frozen=True)
class RunPart:
    """Latest audit; `present` False without an audit. `counts` are findings by status, also unlisted findings.

    `needed` and `measured` count observations, `seen` ports, neighbours, cells and access points in use, `uncovered`
    those without an expectation, `unseen_devices` devices on which none were read; `unconfirmed` has the facts measured
    in forms without public source, by platform.
    """

    present: bool
    id: _Id = ""
    event_vi: _Name = ""
    event_en: _Name = ""
    moment: _Moment | Literal[""] = ""
    sha256: _Sha256 = ""
    needed: _Count = 0
    measured: _Count = 0
    seen: _Count = 0
    uncovered: _Count = 0
    unseen_devices: _Count = 0
    devices: _Count = 0
    reached: _Count = 0
    counts: dict[FindingStatus, _Count] = field(default_factory=dict)
    venues: Annotated[tuple[VenueEntry, ...], Field(max_length=MOST_VENUES)] = ()
    verdicts: Annotated[tuple[VerdictEntry, ...], Field(max_length=VERDICTS)] = ()
    findings: Annotated[tuple[FindingEntry, ...], Field(max_length=FINDINGS)] = ()
    unconfirmed: Annotated[dict[_Id, _Facts], Field(max_length=PLATFORMS)] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _at_most(self.measured, "measured", self.needed, "needed")
        _at_most(self.uncovered, "uncovered", self.seen, "seen")
        _at_most(self.reached, "devices reached", self.devices, "devices")
        for status in ("fail", "not_measured"):
            listed = sum(found.status == status for found in self.findings)
            _at_most(listed, f"listed {status}", self.counts.get(status, 0), "counted")
        _unique((venue.id for venue in self.venues), "venue")
        _unique(((one.venue, one.service) for one in self.verdicts), "verdict")


@dataclass(frozen=True)
class ClauseEntry:
    """The state of a clause; `evidence` counts its proofs."""

    clause: _Id
    vi: _Words
    state: State
    en: _Words = ""
    owner: _Name = ""
    late: bool = False
    reason_vi: _Words = ""
    reason_en: _Words = ""
    evidence: _Count = 0


@dataclass(frozen=True)
class DutiesPart:
    """All clauses of the operator."""

    clauses: Annotated[tuple[ClauseEntry, ...], Field(max_length=MOST_DUTIES)] = ()

    def __post_init__(self) -> None:
        _unique((one.clause for one in self.clauses), "clause")


@dataclass(frozen=True)
class RosterPart:
    """Figures of the roster, without names and numbers. `gaps`: minutes without enough people, by role."""

    present: bool
    version: _Id = ""
    holds: bool = False
    start: _Moment | Literal[""] = ""
    end: _Moment | Literal[""] = ""
    errors: _Count = 0
    warnings: _Count = 0
    gaps: Annotated[dict[_Id, _Count], Field(max_length=20)] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.start and self.end and self.end < self.start:
            raise ValueError("the roster ends before its start")


@dataclass(frozen=True)
class IncidentEntry:
    """An incident; `subscribers` None: unknown. `overdue` counts the missing notices after their limit."""

    id: _Id
    began: _Moment
    restored: _Moment | None = None
    venue: _Id = ""
    place: _Name = ""
    services: Annotated[tuple[_Id, ...], Field(max_length=20)] = ()
    kind: _Id = ""
    summary: _Words = ""
    cause: _Words = ""
    subscribers: _Count | None = None
    overdue: _Count = 0

    def __post_init__(self) -> None:
        if self.restored is not None and self.restored < self.began:
            raise ValueError("the incident was restored before it began")


@dataclass(frozen=True)
class IncidentsPart:
    """All recorded incidents."""

    incidents: Annotated[tuple[IncidentEntry, ...], Field(max_length=INCIDENTS)] = ()

    def __post_init__(self) -> None:
        _unique((one.id for one in self.incidents), "incident")


BundlePart: TypeAlias = RunPart | DutiesPart | RosterPart | IncidentsPart
FINDING = Shape(FindingEntry)
RUN, DUTIES, ROSTER, INCIDENT_LIST = Shape(RunPart), Shape(DutiesPart), Shape(RosterPart), Shape(IncidentsPart)


def _at_most(number: int, of: str, limit: int, what: str) -> None:
    """Raise ValueError for an impossible number."""
    if number > limit:
        raise ValueError(f"{number} {of} of {limit} {what}")


def _unique(names: Iterable[Any], what: str) -> None:
    """Raise ValueError for a repeated name."""
    seen = set()
    for name in names:
        if name in seen:
            raise ValueError(f"the {what} {str(name)[:80]!r} occurs twice")
        seen.add(name)
