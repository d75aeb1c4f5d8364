"""inventory/works: planned works of providers and of the own network, a file each."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import BeforeValidator, Field, model_validator

from eventready.core.errors import InvalidValue, WorkspaceError
from eventready.core.messages import message
from eventready.core.strings.json_text import sorted_json
from eventready.workspace.files.datetimes import Moment
from eventready.workspace.files.yaml_document import YamlDocument, load_yaml, raise_errors
from eventready.workspace.model import PlacedModel, WorkspaceModel
from eventready.workspace.settings.circuits import Circuits, unknown_members
from eventready.workspace.settings.event import Window
from eventready.workspace.settings.risk import Member, RiskGroup

#: Effect on an object: unaffected, without its own protection, worse, or out of service.
Impact = Literal["none", "reduced_redundancy", "degraded", "outage"]
WorkStatus = Literal["tentative", "confirmed", "in_process", "completed", "cancelled"]
IMPACTS: tuple[Impact, ...] = get_args(Impact)
#: Most files of the folder, and most objects of a work.
MOST_WORKS, MOST_OBJECTS = 1_000, 1_000
#: Longest identifier, and longest summary.
LONGEST_ID, LONGEST_SUMMARY = 120, 400
#: Files of others, which are imported.
_NOTICES = (".ics", ".eml", ".csv", ".xlsx")
Identifier = Annotated[str, Field(min_length=1, max_length=LONGEST_ID)]


class WorkObject(WorkspaceModel):
    """Circuit or service of the provider. `impact`: other than the impact of the work."""

    id: Identifier
    impact: Impact | None = None


def _written(value: Any) -> Any:
    return {"id": value} if isinstance(value, str) else value


class AcceptedWork(WorkspaceModel):
    """A person's word for a work as planned: calls wait for its end. `scope`: times and elements of the work then."""

    by: str = Field(min_length=1, max_length=100)
    at: Moment
    note: str = Field(default="", max_length=LONGEST_SUMMARY)
    scope: str = Field(pattern=r"^[0-9a-f]{16}$")


class Work(PlacedModel):
    """A planned work. `members`: elements of the own network, beside the objects of the provider."""

    provider: Identifier
    account: str = Field(default="", max_length=LONGEST_ID)
    id: Identifier
    uid: str = Field(default="", max_length=LONGEST_ID)
    sequence: int = Field(default=0, ge=0)
    stamp: Moment | None = Field(default=None, description="Time of the notice")
    status: WorkStatus = "confirmed"
    impact: Impact = "outage"
    start: Moment = Field(alias="from")
    end: Moment = Field(alias="to")
    summary: str = Field(default="", max_length=LONGEST_SUMMARY)
    objects: tuple[Annotated[WorkObject, BeforeValidator(_written)], ...] = Field(default=(), max_length=MOST_OBJECTS)
    members: tuple[Member, ...] = Field(
        default=(), max_length=MOST_OBJECTS, description="device, device:port, device:port - device:port, or risk group"
    )
    source: str = Field(default="", max_length=LONGEST_SUMMARY, description="File and sender of the notice")
    accepted: AcceptedWork | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.end <= self.start:
            raise InvalidValue(message("works:ends_first", start=self.start, end=self.end))
        if not (self.objects or self.members or self.over):
            raise InvalidValue(message("works:names_nothing"))
        return self

    @property
    def name(self) -> str:
        """Name for people: provider and id."""
        return f"{self.provider}/{self.id}"

    @property
    def long_name(self) -> str:
        """Name with the account."""
        return f"{self.name} ({self.account or '-'})"

    @property
    def over(self) -> bool:
        """True without a further risk."""
        return self.status in ("completed", "cancelled")

    @property
    def version(self) -> tuple[int, float]:
        """Sequence, then time of the notice: the later, the higher."""
        return self.sequence, self.stamp.timestamp() if self.stamp else 0.0

    def older_than(self, known: Work) -> bool:
        """True for a notice before `known`; a notice without a sequence counts by its time."""
        if not self.sequence and self.stamp and known.stamp:
            return self.stamp < known.stamp
        return self.version < known.version

    def same_as(self, other: Work) -> bool:
        """True for notices of the same work: by UID, else by id, of the same account of a provider."""
        if _folded(self.provider, self.account) != _folded(other.provider, other.account):
            return False
        if self.uid and other.uid:
            return self.uid == other.uid
        return _folded(self.id) == _folded(other.id)

    def meets(self, window: Window) -> bool:
        """True for a work with a part in a window."""
        return not self.over and self.start < window.end and window.start < self.end

    def elements(self, circuits: Circuits) -> tuple[tuple[str, Impact], ...]:
        """Elements of the own network with the impact on them, those of mapped objects first."""
        mapped = [
            (member, self.impact_on(one)) for one in self.objects for member in circuits.members(self.provider, one.id)
        ]
        return (*mapped, *((member, self.impact) for member in self.members))

    def scope(self, circuits: Circuits) -> str:
        """Fingerprint of the times, the objects and the elements."""
        objects = sorted((one.id, self.impact_on(one)) for one in self.objects)
        times = [moment.astimezone(UTC).isoformat() for moment in (self.start, self.end)]
        return sha256(sorted_json([times, objects, sorted(self.elements(circuits))])).hexdigest()[:16]

    def accepted_by(self, circuits: Circuits) -> AcceptedWork | None:
        """Return the acceptance in force; None for an acceptance of other times or elements."""
        return self.accepted if self.accepted and self.accepted.scope == self.scope(circuits) else None

    def impact_on(self, one: WorkObject) -> Impact:
        """Impact on an object."""
        return one.impact or self.impact


def _folded(*names: str) -> tuple[str, ...]:
    return tuple(name.casefold() for name in names)


def work_files(folder: Path) -> list[Path]:
    """Files of the folder, sorted. Raises WorkspaceError for too many, and for notices before their import."""
    found = sorted(path for path in folder.glob("*") if not path.name.startswith(".")) if folder.is_dir() else []
    waiting = [path for path in found if path.suffix.lower() in _NOTICES]
    if waiting:
        raise WorkspaceError(message("works:not_imported", name=waiting[0].name), where=str(waiting[0]))
    files = [path for path in found if path.suffix in (".yaml", ".yml")]
    if len(files) > MOST_WORKS:
        raise WorkspaceError(message("works:too_many_files", count=len(files), most=MOST_WORKS), where=str(folder))
    return files


def load_works(
    folder: Path, *, devices: Iterable[str], risks: Sequence[RiskGroup] = (), lab: bool = False
) -> tuple[Work, ...]:
    """Read the works of a folder, in the order of their begin. Raises WorkspaceError with every invalid line."""
    known = dict.fromkeys((*devices, *(group.name for group in risks)))
    found: list[Work] = []
    problems: list[WorkspaceError] = []
    for path in work_files(folder):
        document = load_yaml(path)
        try:
            work = document.validate(Work).at(str(path))
        except WorkspaceError as error:
            problems.append(error)
            continue
        problems += [] if lab else _unknown(document, work, known)
        if twin := next((one for one in found if one.same_as(work)), None):
            problems.append(document.error(message("works:twice", name=work.name, other=Path(twin.origin).name)))
        found.append(work)
    raise_errors(problems)
    return tuple(sorted(found, key=lambda work: (work.start, work.end, work.name)))


def _unknown(document: YamlDocument, work: Work, known: Collection[str]) -> list[WorkspaceError]:
    return [
        document.error(what, "members", index, do=do)
        for index, what, do in unknown_members(work.members, known, work.name)
    ]
