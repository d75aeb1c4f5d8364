"""The plan document `eventready.plan/2`: parts of strict types, the plan and its seal, the file with approvals."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeAlias, TypedDict

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    PrivateAttr,
    ValidationError,
    field_validator,
    model_validator,
)

from eventready import __version__
from eventready.core.clock import Clock
from eventready.core.errors import InvalidValue, RefusedError, UsageError
from eventready.core.files import read_bounded, write_atomic
from eventready.core.messages import Message, from_stored, message, to_stored
from eventready.core.strings.json_text import canonical, parse_json
from eventready.core.validation_messages import describe_error
from eventready.platforms.model import GuardKind
from eventready.store.change_steps import Approval
from eventready.store.run_names import new_run_id
from eventready.workspace.devices.device import Device
from eventready.workspace.devices.intents import Intent

#: Levels of messages in messages.
_MOST_NESTED = 12


class Part(BaseModel):
    """A part of a plan file: frozen; unknown keys and values of another type are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def visible_line(line: str) -> str:
    """Validate a sent or shown line. Raises InvalidValue for a control character, which could hide other text."""
    if not line.isprintable():
        raise InvalidValue(message("change:plan_file.control"))
    return line


def _moment(value: str) -> str:
    """Validate a moment: ISO 8601 with its time zone. Raises InvalidValue."""
    try:
        zoned = datetime.fromisoformat(visible_line(value)).tzinfo is not None
    except ValueError:
        zoned = False
    if not zoned:
        raise InvalidValue(message("change:plan_file.moment"))
    return value


def visible_lines(values: tuple[str, ...]) -> tuple[str, ...]:
    """Validate lines. Raises InvalidValue as `visible_line` does."""
    return tuple(map(visible_line, values))


def _statement(value: Any) -> str | Message:
    """Validate a sentence: a text, or a message with its English text; a message becomes as on record."""
    value = to_stored(value) if isinstance(value, Message) else value
    _refuse_hidden(value, _MOST_NESTED)
    try:
        return from_stored(value)
    except ValueError:
        raise InvalidValue(message("change:plan_file.statement")) from None


def _refuse_hidden(value: Any, levels: int) -> None:
    """Raise ValueError for control characters in a text at any level, and for more levels."""
    if isinstance(value, str):
        visible_line(value)
    elif isinstance(value, dict | list):
        if not levels:
            raise InvalidValue(message("change:plan_file.levels"))
        for one in (*value, *value.values()) if isinstance(value, dict) else value:
            _refuse_hidden(one, levels - 1)


Statement: TypeAlias = Annotated[str | Message, PlainValidator(_statement), PlainSerializer(to_stored)]


#: Expected seconds of a wave beside its soak: checks, lines, logins, and 10 s between two readings of counters.
STEPS_S = 30.0
#: Seconds of these before the soak begins.
TO_SOAK_S = 20.0
_SHA256 = r"^[0-9a-f]{64}$"
_NAME = r"^p-[0-9a-z-]{1,40}$"


class PlannedGuard(Part):
    """The guard of a device, with its protection and its gap, a sentence each."""

    kind: GuardKind
    protects: Statement
    gap: Statement


class PlannedDevice(Part):
    """Change of a single device.

    `before` is the hash of the running configuration that was read, `predicted` the fingerprint of the configuration
    after the change; `forward` and `backward` are sent between the platform's `enter` and `leave`; `fragment` is the
    rendered text; `diff` is for people; `risks` are sentences. `address` and `element` are the device behind its
    endpoint; `startup` is the fingerprint of the startup configuration, empty if it could not be read. `scope` is
    the hash of the sections on which the plan depends, empty if the whole configuration counts; `outside` are the
    digests of all other sections. `soak_s` is the expected observation before the confirmation.
    """

    name: str = Field(min_length=1)
    platform: str
    endpoint: str
    role: str = ""
    venues: tuple[str, ...] = Field(strict=False)
    intents: tuple[Intent, ...] = Field(strict=False)
    guard: PlannedGuard
    before: str = Field(pattern=_SHA256)
    predicted: str = Field(pattern=_SHA256)
    forward: tuple[str, ...] = Field(strict=False, min_length=1)
    backward: tuple[str, ...] = Field(strict=False, min_length=1)
    fragment: str
    diff: tuple[str, ...] = Field(strict=False)
    risks: tuple[Statement, ...] = Field(strict=False)
    address: str = ""
    element: str = ""
    startup: str = ""
    scope: str = Field(default="", pattern=r"^([0-9a-f]{64})?$")
    outside: dict[str, str] = Field(default_factory=dict)
    soak_s: float = Field(default=0.0, ge=0)

    _each = field_validator("venues", "forward", "backward", "diff")(visible_lines)
    _shown = field_validator("name", "platform", "endpoint", "role", "address", "element", "startup")(visible_line)


class Placed(TypedDict):
    """Fields of a planned device from the inventory."""

    name: str
    platform: str
    endpoint: str
    role: str
    venues: tuple[str, ...]
    address: str
    element: str


def placed(device: Device) -> Placed:
    """Return the fields of a planned device from the inventory."""
    return {
        "name": device.name, "platform": device.platform, "endpoint": device.endpoint, "role": device.role,
        "venues": device.venues, "address": device.hostname, "element": device.element,
    }  # fmt: skip


class LeftOut(Part):
    """An excluded device, and the reason."""

    name: str
    reason: Statement

    _shown = field_validator("name")(visible_line)


class Created(Part):
    """The time of planning: real time (UTC) and event time (ISO 8601)."""

    real: str
    event: str

    _moments = field_validator("real", "event")(_moment)


class MendedFinding(Part):
    """Open findings of a check on a planned device, by subject, and the device's intents for the check."""

    check: str
    device: str
    intents: tuple[Intent, ...] = Field(strict=False, min_length=1)
    subjects: tuple[str, ...] = Field(strict=False, min_length=1)

    _shown = field_validator("check", "device")(visible_line)
    _each = field_validator("subjects")(visible_lines)


class UntouchedFindings(Part):
    """Numbers of open findings of a check left untouched by a plan and of their devices, and the first devices."""

    check: str
    findings: int = Field(ge=1)
    devices: int = Field(ge=1)
    first: tuple[str, ...] = Field(strict=False)

    _shown = field_validator("check")(visible_line)
    _each = field_validator("first")(visible_lines)


class Basis(Part):
    """Audit behind a plan: event time (ISO 8601), also of the paths, and open findings.

    `mends`: of checks named by the intents of the changed devices; `untouched`: all others.
    """

    run: str = Field(min_length=1)
    at: str
    mends: tuple[MendedFinding, ...] = Field(strict=False)
    untouched: tuple[UntouchedFindings, ...] = Field(strict=False)

    _shown = field_validator("run")(visible_line)
    _at = field_validator("at")(_moment)

    @property
    def mended(self) -> int:
        """Return the number of open findings mended by the plan."""
        return sum(len(one.subjects) for one in self.mends)

    @property
    def left(self) -> int:
        """Return the number of open findings left untouched by the plan."""
        return sum(one.findings for one in self.untouched)


class Until(Part):
    """End of the lines of a plan on the devices: event time (ISO 8601), and its window, or empty."""

    at: str
    window: str = Field(default="", max_length=200)

    _at = field_validator("at")(_moment)
    _shown = field_validator("window")(visible_line)

    @property
    def moment(self) -> datetime:
        """Return the time, aware."""
        return datetime.fromisoformat(self.at)


class PlannedDrill(Part):
    """Drill behind a plan: name, hash of the definition, and seconds between failure and repair."""

    name: str = Field(min_length=1)
    definition: str = Field(pattern=_SHA256)
    observe_s: float = Field(ge=1)

    _shown = field_validator("name")(visible_line)


class Plan(Part):
    """A sealed plan. `waves` contain every device once, in the order of execution.

    `unchanged` devices comply already. `rolls_back` is the change that this plan rolls back. `drill`: the lines make a
    failure, and the change ends with its way back; such a plan has no intents. `atomic`: all devices or none.
    `together` are, for each wave, the devices of earlier waves that may still soak when it begins; empty for waves in
    sequence, as in plans of an earlier release with numbers of waves.
    `unmeasured` are the venues and services without a measured path, with several devices in the plan. `basis` is the
    last audit of all devices; None without an audit, and for drills, removals and ways back. `until`: the lines are set
    for the event, and are to be off the devices then; None for lines that stay. `removes` is the plan (id) of which
    this plan removes the lines.
    """

    schema_: Literal["eventready.plan/2"] = Field(default="eventready.plan/2", alias="schema")
    id: str = Field(pattern=_NAME)
    event: str
    intents: tuple[Intent, ...] = Field(strict=False)
    created: Created
    by: str
    host: str
    tool: str
    approvals_needed: int = Field(ge=0)
    waves: tuple[Annotated[tuple[str, ...], Field(strict=False)], ...] = Field(strict=False)
    devices: tuple[PlannedDevice, ...] = Field(strict=False)
    unchanged: tuple[str, ...] = Field(strict=False)
    left_out: tuple[LeftOut, ...] = Field(strict=False)
    rolls_back: str | None = None
    drill: PlannedDrill | None = None
    atomic: bool = False
    unmeasured: tuple[str, ...] = Field(default=(), strict=False)
    together: tuple[Annotated[tuple[str, ...], Field(strict=False)], ...] = Field(default=(), strict=False)
    basis: Basis | None = None
    until: Until | None = None
    removes: str = Field(default="", pattern=rf"^$|{_NAME}")
    sha256: str = Field(pattern=_SHA256)

    _shown = field_validator("event", "by", "host", "tool")(visible_line)
    _each = field_validator("unchanged", "unmeasured")(visible_lines)

    @field_validator("together", mode="before")
    @classmethod
    def _in_sequence(cls, together: Any) -> Any:
        """Return no common soak for the numbers of waves of an earlier release."""
        numbers = isinstance(together, list | tuple) and all(isinstance(one, int) for one in together)
        return () if numbers else together

    @model_validator(mode="after")
    def _whole(self) -> Self:
        names = Counter(device.name for device in self.devices)
        waved = Counter(name for wave in self.waves for name in wave)
        if names != waved or any(count > 1 for count in names.values()) or not all(self.waves):
            raise InvalidValue(message("change:plan_file.waves"))
        if self.drill is None and not all((self.intents, *(device.intents for device in self.devices))):
            raise InvalidValue(message("change:plan_file.intents"))
        return self

    @property
    def document(self) -> dict[str, Any]:
        """Return the document as sealed, as plain JSON types: without the keys of a later release."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)

    @cached_property
    def _by_name(self) -> dict[str, PlannedDevice]:
        return {device.name: device for device in self.devices}

    def device(self, name: str) -> PlannedDevice:
        """Return the device's part of the plan. Raises KeyError."""
        return self._by_name[name]

    @property
    def order(self) -> tuple[str, ...]:
        """Return every device in the order of execution."""
        return tuple(name for wave in self.waves for name in wave)

    def beside(self, number: int) -> frozenset[str]:
        """Return the devices of earlier waves possibly in their soak at the begin of a wave; numbers count from 0."""
        earlier = (name for wave in self.waves[:number] for name in wave)
        return frozenset(self.together[number]).intersection(earlier) if number < len(self.together) else frozenset()

    @property
    def duration(self) -> float:
        """Return the expected seconds of the whole."""
        return max((end for _begin, end in self.timetable()), default=0.0)

    def timetable(
        self,
        soak_s: float | None = None,
        *,
        overlap: bool = True,
        begun: Mapping[int, float] | None = None,
        ended: Collection[str] = (),
    ) -> tuple[tuple[float, float], ...]:
        """Return the expected begin and end of each wave in seconds from the begin of the change.

        `soak_s` replaces the soak of the plan; without `overlap` a wave begins after the end of the wave before. Of a
        change that has begun, seconds count from now: `begun` are the begins of waves (numbers count from 0), and the
        devices in `ended` hold no wave.
        """
        ends: dict[str, float] = {}
        times: list[tuple[float, float]] = []
        for number, wave in enumerate(self.waves):
            beside = self.beside(number) if overlap else frozenset()
            soaks = times[-1][0] + TO_SOAK_S if times else 0.0
            before = (end for name, end in ends.items() if name not in beside and name not in ended)
            begin = begun[number] if begun and number in begun else max([0.0, soaks, *before])
            own = {name: self.device(name).soak_s if soak_s is None else soak_s for name in wave}
            ends |= {name: begin + STEPS_S + seconds for name, seconds in own.items()}
            times.append((begin, max(ends[name] for name in wave)))
        return tuple(times)

    @property
    def empty(self) -> bool:
        """Return True if no device would change."""
        return not self.devices


SCHEMA = "eventready.plan/2"


def plan_head(event: str, clock: Clock, *, by: str, host: str) -> dict[str, Any]:
    """Return the fields of the document of any new plan: id, event, time of planning, planner, tool."""
    now, real = (moment.isoformat(timespec="seconds") for moment in (clock.now(), clock.real()))
    return {
        "schema": SCHEMA,
        "id": f"p-{new_run_id(clock.now())}",
        "event": event,
        "created": {"real": real, "event": now},
        "by": by,
        "host": host,
        "tool": f"eventready {__version__}",
    }


def seal(document: Mapping[str, object]) -> Plan:
    """Return the plan of a document, with its hash. Raises ValueError for an invalid document."""
    bare = {key: value for key, value in document.items() if key != "sha256"}
    bare = Plan.model_validate({**bare, "sha256": "0" * 64}).model_dump(mode="json", by_alias=True)
    return Plan.model_validate({**bare, "sha256": plan_hash(bare)})


def plan_hash(document: Mapping[str, object]) -> str:
    """Return the hash of a document: SHA-256 of its canonical JSON without the key `sha256`."""
    return hashlib.sha256(canonical({key: value for key, value in document.items() if key != "sha256"})).hexdigest()


#: Bytes; a plan for a thousand devices has 5 MB.
MAX_BYTES = 64_000_000

_ANEW = message("change:plan_file.anew")


class PlanFile(Part):
    """A plan with its approvals and its planner's signature; `change.safety.approval` verifies them."""

    plan: Plan
    approvals: tuple[Approval, ...] = Field(default=(), max_length=100)
    planner: Approval | None = None
    _accepted: dict[str, Any] | None = PrivateAttr(default=None)

    @property
    def document(self) -> dict[str, Any]:
        """Return the content of the file, also for the store: the plan as accepted."""
        signed = {} if self.planner is None else {"planner": asdict(self.planner)}
        approvals = [asdict(one) for one in self.approvals]
        return {"plan": self._accepted or self.plan.document, "approvals": approvals, **signed}


def parse_plan(document: Any, where: str | Message = "") -> PlanFile:
    """Parse the content of a plan file. Raises UsageError for an invalid plan, RefusedError for an altered plan."""
    plan = document.get("plan") if isinstance(document, dict) else None
    if not isinstance(plan, dict) or not isinstance(plan.get("schema"), str):
        raise UsageError(message("change:plan_file.no_plan"), where=where, do=_ANEW)
    if plan["schema"] != SCHEMA:
        what = message("change:plan_file.version", version=plan["schema"][:40], known=SCHEMA)
        raise UsageError(what, where=where, do=_ANEW)
    try:
        altered = plan.get("sha256") != plan_hash(plan)
    except UnicodeEncodeError:
        altered = True
    if altered:
        raise RefusedError(message("change:plan_file.altered"), where=where, do=_ANEW)
    return _valid(document, where)


def _valid(document: dict[str, Any], where: str | Message) -> PlanFile:
    try:
        file = PlanFile.model_validate_json(canonical(document))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        reason, _remedy = describe_error(first, PlanFile)
        what = message("change:plan_file.invalid", place=place, reason=reason)
        raise UsageError(what, where=where, do=_ANEW) from None
    if canonical(document["plan"]) != canonical(file.plan.document):  # such as 180 for 180.0
        file._accepted = document["plan"]
    return file


def recorded_plan(file: bytes, change: str) -> Plan:
    """Parse the plan in the record of a change, of which the journal has the hash. Raises UsageError."""
    where = message("change:record_of", change=change)
    if not file:
        raise UsageError(message("change:plan_file.empty"), where=where)
    return _valid(json.loads(file), where).plan


def load_plan(path: Path) -> PlanFile:
    """Read a plan file. Raises UsageError for an unreadable or invalid plan, RefusedError for an altered plan."""
    data = read_bounded(path, MAX_BYTES, "plan")
    try:
        document = parse_json(data.decode(), object_pairs_hook=_once, parse_constant=_no_number)
    except ValueError:
        what = message("change:plan_file.incomplete" if data.strip() else "change:plan_file.empty")
        raise UsageError(what, where=str(path), do=_ANEW) from None
    return parse_plan(document, str(path))


def write_plan(path: Path, file: PlanFile) -> None:
    """Write a plan file atomically. Raises UsageError."""
    write_atomic(path, (json.dumps(file.document, ensure_ascii=False, indent=1) + "\n").encode(), what="the plan")


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("duplicate key")
    return found


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")
