"""The parts of a bundle as typed data, with bounds. Unknown keys are ignored: a later version may have more.

Bounds of texts and lists keep a report of any accepted bundles small. Raw readings, names of people and telephone
numbers stay with the operator; the hash of the run names what can be requested from the operator.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self, TypeAlias, get_args

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from eventready.workspace.settings.duties import LONGEST_ID, MOST_DUTIES
from eventready.workspace.settings.event import MOST_VENUES

SCHEMA = "eventready.bundle/2"

Verdict: TypeAlias = Literal["READY", "READY_WITH_RISK", "NOT_READY", "NOT_MEASURED"]
State: TypeAlias = Literal["done", "in_progress", "not_done", "not_applicable"]
Status: TypeAlias = Literal["pass", "warn", "fail", "not_measured", "waived"]
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
_Scalar: TypeAlias = bool | _Number | Annotated[float, Field(strict=True, allow_inf_nan=False)] | _Words | None
_List: TypeAlias = Annotated[list[_Scalar], Field(max_length=PARAMS)]
_Param: TypeAlias = _Scalar | _List | Annotated[dict[_Id, _Scalar | _List], Field(max_length=PARAMS)]


class BundlePart(BaseModel):
    """Frozen base of the parts."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class PartDigest(BundlePart):
    """Hash and size in bytes of a part."""

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size: _Count


class Manifest(BundlePart):
    """The signed statement about the parts. `made` is the event's time, `made_real` the real time in UTC.

    `key` is the fingerprint of the key. `number` counts the bundles of the operator from 1; `previous` is the digest of
    the bundle before, empty in the first. `checkpoint` is the signed head of the operator's runs;
    `earlier` has the hashes of the runs that earlier bundles signed, by position, as the operator's store has them now.
    """

    schema_: str = Field(alias="schema")
    event: _Id = Field(min_length=1)
    operator: _Name = Field(min_length=1)
    key: _Id
    number: Annotated[_Count, Field(ge=1)]
    previous: _Sha256 = ""
    made: _Moment
    made_real: _Moment
    rehearsal: bool
    tool: _Id = ""
    checkpoint: dict[_Id, _Id | _Count] = Field(default_factory=dict, max_length=10)
    earlier: dict[Annotated[str, StringConstraints(pattern=r"^[1-9]\d{0,8}$")], _Sha256] = Field(
        default_factory=dict, max_length=EARLIER
    )
    parts: dict[PartName, PartDigest]

    @property
    def signed(self) -> tuple[int, str]:
        """Position and hash of the signed head; (0, "") without a checkpoint."""
        position, head = self.checkpoint.get("position"), self.checkpoint.get("head")
        return (position, str(head)) if isinstance(position, int) and head else (0, "")


class VenueEntry(BundlePart):
    """A venue of the run."""

    id: _Id
    name: _Name = ""
    name_vi: _Name = ""


class VerdictEntry(BundlePart):
    """The verdict of a service at a venue."""

    venue: _Id
    service: _Id
    verdict: Verdict


class FindingEntry(BundlePart):
    """A failed or unmeasured finding of the run, without its evidence."""

    check: _Id
    device: _Name
    subject: _Words = ""
    status: Literal["fail", "not_measured"]
    message: _Words = ""
    message_id: _Id = ""
    params: dict[_Id, _Param] = Field(default_factory=dict, max_length=PARAMS)
    venues: tuple[_Id, ...] = Field(default=(), max_length=MOST_VENUES)
    services: tuple[_Id, ...] = Field(default=(), max_length=20)
    blind: bool = False


class RunPart(BundlePart):
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
    counts: dict[Status, _Count] = Field(default_factory=dict)
    venues: tuple[VenueEntry, ...] = Field(default=(), max_length=MOST_VENUES)
    verdicts: tuple[VerdictEntry, ...] = Field(default=(), max_length=VERDICTS)
    findings: tuple[FindingEntry, ...] = Field(default=(), max_length=FINDINGS)
    unconfirmed: dict[_Id, Annotated[list[_Id], Field(max_length=FACTS)]] = Field(
        default_factory=dict, max_length=PLATFORMS
    )

    @model_validator(mode="after")
    def _possible(self) -> Self:
        _at_most(self.measured, "measured", self.needed, "needed")
        _at_most(self.uncovered, "uncovered", self.seen, "seen")
        _at_most(self.reached, "devices reached", self.devices, "devices")
        for status in ("fail", "not_measured"):
            listed = sum(found.status == status for found in self.findings)
            _at_most(listed, f"listed {status}", self.counts.get(status, 0), "counted")
        _unique((venue.id for venue in self.venues), "venue")
        _unique(((one.venue, one.service) for one in self.verdicts), "verdict")
        return self


class ClauseEntry(BundlePart):
    """The state of a clause; `evidence` counts its proofs."""

    clause: _Id
    vi: _Words
    en: _Words = ""
    owner: _Name = ""
    state: State
    late: bool = False
    reason_vi: _Words = ""
    reason_en: _Words = ""
    evidence: _Count = 0


class DutiesPart(BundlePart):
    """All clauses of the operator."""

    clauses: tuple[ClauseEntry, ...] = Field(default=(), max_length=MOST_DUTIES)

    @model_validator(mode="after")
    def _possible(self) -> Self:
        _unique((one.clause for one in self.clauses), "clause")
        return self


class RosterPart(BundlePart):
    """Figures of the roster, without names and numbers. `gaps`: minutes without enough people, by role."""

    present: bool
    version: _Id = ""
    holds: bool = False
    start: _Moment | Literal[""] = ""
    end: _Moment | Literal[""] = ""
    errors: _Count = 0
    warnings: _Count = 0
    gaps: dict[_Id, _Count] = Field(default_factory=dict, max_length=20)

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.start and self.end and self.end < self.start:
            raise ValueError("the roster ends before its start")
        return self


class IncidentEntry(BundlePart):
    """An incident; `subscribers` None: unknown. `overdue` counts the missing notices after their limit."""

    id: _Id
    began: _Moment
    restored: _Moment | None = None
    venue: _Id = ""
    place: _Name = ""
    services: tuple[_Id, ...] = Field(default=(), max_length=20)
    kind: _Id = ""
    summary: _Words = ""
    cause: _Words = ""
    subscribers: _Count | None = None
    overdue: _Count = 0

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.restored is not None and self.restored < self.began:
            raise ValueError("the incident was restored before it began")
        return self


class IncidentsPart(BundlePart):
    """All recorded incidents."""

    incidents: tuple[IncidentEntry, ...] = Field(default=(), max_length=INCIDENTS)

    @model_validator(mode="after")
    def _possible(self) -> Self:
        _unique((one.id for one in self.incidents), "incident")
        return self


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
