"""What a bundle holds, typed where it comes in. Unknown keys are left aside: a later eventready may say more.

The raw readings and telephone numbers stay with the operator; the run's seal names what can be asked for.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

SCHEMA = "eventready.bundle/1"

Verdict: TypeAlias = Literal["READY", "READY_WITH_RISK", "NOT_READY", "NOT_MEASURED"]
State: TypeAlias = Literal["done", "in_progress", "not_done", "not_applicable"]
PartName: TypeAlias = Literal["run", "duties", "roster", "incidents"]

_MANY = 20_000


class Part(BaseModel):
    """Frozen; no text in it is longer than anybody reads."""

    model_config = ConfigDict(frozen=True, extra="ignore", str_max_length=4000)


class Sealed(Part):
    """A part's hash and size in the manifest."""

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size: int = Field(ge=0)


class Manifest(Part):
    """What is signed. `made` is the event's time, `made_real` the real one in UTC; `key` a fingerprint."""

    schema_: str = Field(alias="schema")
    event: str = Field(min_length=1)
    operator: str = Field(min_length=1, max_length=300)
    key: str
    made: datetime
    made_real: datetime
    rehearsal: bool
    tool: str = ""
    parts: dict[PartName, Sealed]


class Place(Part):
    """A venue or its service, in the run's words."""

    id: str
    name: str = ""
    name_vi: str = ""


class Judged(Part):
    """A verdict."""

    venue: str
    service: str
    verdict: Verdict


class Found(Part):
    """A finding that is no pass, as in the run document but without its evidence."""

    check: str
    device: str
    subject: str = ""
    status: Literal["warn", "fail", "not_measured", "waived"]
    message: str = ""
    text: str = ""
    params: dict[str, Any] = Field(default_factory=dict)
    venues: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    blind: bool = False


class RunPart(Part):
    """The latest audit; `present` False: there was none."""

    present: bool
    id: str = ""
    event_vi: str = ""
    event_en: str = ""
    moment: str = ""
    sha256: str = ""
    needed: int = Field(default=0, ge=0)
    measured: int = Field(default=0, ge=0)
    devices: int = Field(default=0, ge=0)
    reached: int = Field(default=0, ge=0)
    counts: dict[str, int] = Field(default_factory=dict)
    venues: tuple[Place, ...] = Field(default=(), max_length=_MANY)
    verdicts: tuple[Judged, ...] = Field(default=(), max_length=_MANY)
    findings: tuple[Found, ...] = Field(default=(), max_length=_MANY)


class Clause(Part):
    """A clause of the letter as it stands with the operator."""

    clause: str
    vi: str
    en: str = ""
    owner: str = ""
    state: State
    late: bool = False
    reason_vi: str = ""
    reason_en: str = ""
    evidence: int = Field(default=0, ge=0)


class DutiesPart(Part):
    """All clauses that apply."""

    clauses: tuple[Clause, ...] = Field(default=(), max_length=_MANY)


class RosterPart(Part):
    """The roster in figures: no name, no number. `gaps` are minutes without enough people by role."""

    present: bool
    version: str = ""
    holds: bool = False
    start: str = ""
    end: str = ""
    errors: int = Field(default=0, ge=0)
    warnings: int = Field(default=0, ge=0)
    gaps: dict[str, int] = Field(default_factory=dict)


class Happened(Part):
    """An incident. `overdue` counts the notices that should have been given."""

    id: str
    began: datetime
    restored: datetime | None = None
    venue: str = ""
    place: str = ""
    services: tuple[str, ...] = ()
    kind: str = ""
    summary: str = ""
    cause: str = ""
    subscribers: int | None = Field(default=None, ge=0)
    overdue: int = Field(default=0, ge=0)


class IncidentsPart(Part):
    """All incidents on record."""

    incidents: tuple[Happened, ...] = Field(default=(), max_length=_MANY)


#: The parts of a bundle, all of which are there.
PARTS: dict[PartName, type[Part]] = {
    "run": RunPart,
    "duties": DutiesPart,
    "roster": RosterPart,
    "incidents": IncidentsPart,
}
