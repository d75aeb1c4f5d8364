"""duties.yaml: clauses of the letter with owner, deadline and proof."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, WithJsonSchema, model_validator

from eventready.core.errors import InvalidValue
from eventready.core.messages import Bilingual, message
from eventready.core.timezone import local_time, moment_at
from eventready.core.validation_messages import suggest
from eventready.workspace.files.datetimes import parse_datetime, parse_time
from eventready.workspace.files.yaml_document import load_yaml, raise_errors
from eventready.workspace.model import Title, WorkspaceModel
from eventready.workspace.settings.event import WEEKDAYS, Window

KINDS = ("event", "protected", "freeze")

_FROM_OPENING = re.compile(r"T(?:([+-])(\d{1,3}))?(?: (\d{1,2}:\d{2}))?", re.I)
_BEFORE = re.compile(r"before:? (\w+)", re.I)
_EVERY = re.compile(r"every (\w+)(?: (\d{1,2}:\d{2}))?", re.I)
_END_OF_DAY = time(23, 59)


def resolve_deadline(value: object, windows: Iterable[Window]) -> datetime | None:
    """Return the time of an absolute or relative deadline; None for a recurring deadline. Raises ValueError."""
    if not isinstance(value, str):
        return parse_datetime(value)
    text, known = value.strip(), tuple(windows)
    if match := _FROM_OPENING.fullmatch(text):
        days = int(match[2] or 0) * (-1 if match[1] == "-" else 1)
        at = parse_time(match[3].rjust(5, "0")) if match[3] else _END_OF_DAY
        return moment_at(_start(known, "event").date() + timedelta(days=days), at)
    if match := _BEFORE.fullmatch(text):
        if match[1] not in KINDS:
            raise InvalidValue(message("workspace:date.kind", kind=match[1]), do=suggest(match[1], KINDS))
        return _start(known, match[1])
    if match := _EVERY.fullmatch(text):
        if match[1].lower() not in WEEKDAYS:
            raise InvalidValue(message("workspace:date.weekday", day=match[1]), do=suggest(match[1], WEEKDAYS))
        return None
    return parse_datetime(value)


def _start(windows: Iterable[Window], kind: str) -> datetime:
    starts = [window.start for window in windows if window.kind == kind]
    if not starts:
        raise InvalidValue(message("workspace:date.no_window", kind=kind))
    return local_time(min(starts))


def _resolved(value: Any, info: ValidationInfo) -> datetime | None:
    context: dict[str, Any] = info.context or {}
    return resolve_deadline(value, context.get("windows", ()))


_DUE_SCHEMA = {"type": "string", "examples": ["2033-07-29 17:00", "T-14", "before freeze", "every monday 12:00"]}
Due = Annotated[datetime | None, BeforeValidator(_resolved), WithJsonSchema(_DUE_SCHEMA)]

#: Clauses of a workspace, and characters of an identifier: as many as a bundle holds.
MOST_DUTIES, LONGEST_ID = 500, 128

#: Addressees of a clause: telecom enterprises, postal enterprises, all enterprises, the department.
Addressee = Literal["telecom", "postal", "all", "department"]

#: Roles of the roster by the code that a roster has for each; both are accepted.
ROSTER_ROLES = {"LD": "leadership", "DH": "command", "CA": "shift", "UC": "emergency", "VH": "operations"}
RosterRole = Annotated[
    Literal["leadership", "command", "shift", "emergency", "operations"],
    BeforeValidator(lambda role: ROSTER_ROLES.get(role, role) if isinstance(role, str) else role),
]


class Proof(WorkspaceModel):
    """Proof of a duty: checks, kinds of change, drills, roster roles, time watched, documents, attestation."""

    checks: tuple[str, ...] = Field(default=(), description="Globs of check names")
    venues: tuple[str, ...] = Field(default=(), description="Restrict the checks to these venues; empty: all")
    changes: tuple[str, ...] = ()
    drills: tuple[str, ...] = Field(default=(), description="Drills of inventory/drills/ that must have passed")
    roster: tuple[RosterRole, ...] = Field(default=(), description="Roles of the roster filled at every minute")
    watch: tuple[Literal["event", "protected"], ...] = Field(
        default=(), description="Kinds of window during which all devices are watched at every minute"
    )
    documents: tuple[str, ...] = ()
    attestation: str = ""

    @model_validator(mode="after")
    def _something(self) -> Proof:
        kinds = (self.checks, self.changes, self.drills, self.roster, self.watch, self.documents, self.attestation)
        if not any(kinds):
            raise InvalidValue(message("workspace:duty.no_proof"))
        return self


class Duty(WorkspaceModel):
    """Clause of the letter. `vi`: quotation. `deadline`: text for people. `due`: moment for the computation."""

    id: str = Field(min_length=1, max_length=LONGEST_ID)
    vi: str = Field(default="", min_length=1, description="Quotation in Vietnamese; default: the text in English")
    en: str = Field(min_length=1)
    applies_to: Addressee
    owner: str = Field(min_length=1, description="Person or unit responsible")
    deadline: str = Field(min_length=1)
    deadline_en: str = Field(default="", description="The deadline in English, for English papers")
    due: Due = Field(default=None, description="Last moment, absolute or relative; absent for a continuous duty")
    proof: Proof
    not_applicable: str = Field(default="", description="Reason for a clause that does not apply to this enterprise")

    @model_validator(mode="before")
    @classmethod
    def _quoted(cls, given: Any) -> Any:
        """Clause with its text in English in the place of an absent quotation."""
        return (
            given if not isinstance(given, dict) or "vi" in given or "en" not in given else {**given, "vi": given["en"]}
        )

    @property
    def title(self) -> Bilingual:
        """The text of the clause in both languages."""
        return Bilingual(self.vi, self.en)

    @property
    def period(self) -> Bilingual:
        """The deadline for people."""
        return Bilingual(self.deadline, self.deadline_en)


class DutyFile(WorkspaceModel):
    """duties.yaml"""

    duties: tuple[Duty, ...] = Field(min_length=1, max_length=MOST_DUTIES)
    documents: dict[str, Title] = Field(default={}, description="Names of documents that have no form")


def load_duties(path: Path, *, windows: Sequence[Window] = (), venues: Collection[str] = ()) -> DutyFile:
    """Read duties.yaml; an absent file means no duties. Raises WorkspaceError, also for an unknown venue or drill."""
    if not path.exists():
        return DutyFile.model_construct(duties=(), documents={})
    document = load_yaml(path)
    file = document.validate(DutyFile, context={"windows": windows})
    duties = file.duties
    drills = sorted(found.stem for found in (path.parent / "drills").glob("*.yaml"))
    first: dict[str, int] = {}
    problems = []
    for index, duty in enumerate(duties):
        if duty.id in first:
            line = document.line("duties", first[duty.id])
            what = message("workspace:duty.twice", duty=duty.id, line=line)
            problems.append(document.error(what, "duties", index, "id"))
        first.setdefault(duty.id, index)
        for place, venue in enumerate(duty.proof.venues):
            if venue not in venues:
                what = message("workspace:venue_unknown", name=venue)
                do = suggest(venue, venues, noun="Defined")
                problems.append(document.error(what, "duties", index, "proof", "venues", place, do=do))
        for place, drill in enumerate(duty.proof.drills):
            if drill not in drills:
                what = message("workspace:duty.drill", drill=drill)
                do = suggest(drill, drills, noun="Defined")
                problems.append(document.error(what, "duties", index, "proof", "drills", place, do=do))
    raise_errors(problems)
    return file
