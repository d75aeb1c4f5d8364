"""The plan `eventready.plan/1`: what will be sent to which device, in which order, and the way back; sealed by a hash.

A plan file is `{"plan": {...}, "approvals": [...]}`. The seal shows that nothing was altered by accident; who may be
trusted with a plan is what approvals say, and whoever carries one out checks its lines once more.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    ValidationError,
    field_validator,
    model_serializer,
    model_validator,
)

from eventready.errors import RefusedError, UsageError
from eventready.files import read_small, write_whole
from eventready.platforms.model import GuardKind
from eventready.run import canonical
from eventready.workspace.intents import Intent

SCHEMA = "eventready.plan/1"

#: A plan for a thousand devices has 5 MB.
LARGEST = 64_000_000

_SHA256 = r"^[0-9a-f]{64}$"
_NAME = r"^p-[0-9a-z-]{1,40}$"
_ANEW = "Make it anew with `eventready plan`."


class _Part(BaseModel):
    """Frozen; unknown keys and values of another kind are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def _line(line: str) -> str:
    """What is sent or shown: a control character could hide what stands beside it."""
    if not line.isprintable():
        raise ValueError("a line has control characters")
    return line


def _lines(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(map(_line, values))


class PlannedGuard(_Part):
    """What brings the device back, what that protects from and what not, in a sentence each."""

    kind: GuardKind
    protects: str
    gap: str

    _shown = field_validator("protects", "gap")(_line)


class PlannedDevice(_Part):
    """One device's change.

    `before` is the hash of the running configuration that the plan was made on, `predicted` the fingerprint of the one
    that it leads to; `forward` and `backward` are sent between the platform's `enter` and `leave`; `fragment` is what
    the templates gave; `diff` is for people; `risks` are sentences. Plans of old have no `role`.
    """

    name: str = Field(min_length=1)
    platform: str
    endpoint: str
    role: str = ""
    venues: tuple[str, ...] = Field(strict=False)
    intents: tuple[Intent, ...] = Field(strict=False, min_length=1)
    guard: PlannedGuard
    before: str = Field(pattern=_SHA256)
    predicted: str = Field(pattern=_SHA256)
    forward: tuple[str, ...] = Field(strict=False, min_length=1)
    backward: tuple[str, ...] = Field(strict=False, min_length=1)
    fragment: str
    diff: tuple[str, ...] = Field(strict=False)
    risks: tuple[str, ...] = Field(strict=False)

    _each = field_validator("venues", "forward", "backward", "diff", "risks")(_lines)
    _shown = field_validator("name", "platform", "endpoint", "role")(_line)

    @model_serializer(mode="wrap")
    def _as_sealed(self, whole: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """What was not there when a plan was sealed is not there afterwards: its hash is over what there was."""
        told: dict[str, Any] = whole(self)
        return told if self.role else {key: value for key, value in told.items() if key != "role"}


class LeftOut(_Part):
    """A device that was asked for and takes no part."""

    name: str
    reason: str

    _shown = field_validator("name", "reason")(_line)


class Created(_Part):
    """When the plan was made: in real time (UTC), and by the event's clock (ISO 8601)."""

    real: str
    event: str

    _shown = field_validator("real", "event")(_line)


class Plan(_Part):
    """A sealed plan. `waves` name every device once, in the order in which they are changed.

    `unchanged` comply already. `rolls_back` is the change that this plan takes back.
    """

    schema_: Literal["eventready.plan/1"] = Field(default="eventready.plan/1", alias="schema")
    id: str = Field(pattern=_NAME)
    event: str
    intents: tuple[Intent, ...] = Field(strict=False, min_length=1)
    created: Created
    by: str
    host: str
    tool: str
    approvals_needed: int = Field(ge=0)
    waves: tuple[tuple[str, ...], ...] = Field(strict=False)
    devices: tuple[PlannedDevice, ...] = Field(strict=False)
    unchanged: tuple[str, ...] = Field(strict=False)
    left_out: tuple[LeftOut, ...] = Field(strict=False)
    rolls_back: str | None = None
    sha256: str = Field(pattern=_SHA256)

    _shown = field_validator("event", "by", "host", "tool")(_line)
    _each = field_validator("unchanged")(_lines)

    @field_validator("waves", mode="before")
    @classmethod
    def _tuples(cls, value: Any) -> Any:
        return (
            tuple(tuple(wave) if isinstance(wave, list) else wave for wave in value)
            if isinstance(value, list)
            else value
        )

    @model_validator(mode="after")
    def _whole(self) -> Self:
        names = Counter(device.name for device in self.devices)
        waved = Counter(name for wave in self.waves for name in wave)
        if names != waved or any(count > 1 for count in names.values()) or not all(self.waves):
            raise ValueError("the waves do not name every device once")
        return self

    @property
    def document(self) -> dict[str, Any]:
        """The document, as plain JSON types."""
        return self.model_dump(mode="json", by_alias=True)

    @cached_property
    def _by_name(self) -> dict[str, PlannedDevice]:
        return {device.name: device for device in self.devices}

    def device(self, name: str) -> PlannedDevice:
        """The part of the plan that is about this device. Raises KeyError."""
        return self._by_name[name]

    @property
    def empty(self) -> bool:
        """True when nothing would change."""
        return not self.devices


class Approval(_Part):
    """Who approved a plan, when (real time, UTC), with which key; all three in base64 or ISO 8601."""

    by: str = Field(min_length=1, max_length=200)
    key: str = Field(max_length=100)
    at: str = Field(max_length=60)
    signature: str = Field(max_length=200)


class PlanFile(_Part):
    """A plan with the approvals that it has; whether they hold is for `change.approval` to say."""

    plan: Plan
    approvals: tuple[Approval, ...] = Field(default=(), strict=False, max_length=100)

    @property
    def document(self) -> dict[str, Any]:
        """As it stands in the file and on record."""
        return {"plan": self.plan.document, "approvals": [one.model_dump(mode="json") for one in self.approvals]}


def seal(document: Mapping[str, Any]) -> Plan:
    """The plan of a document, with a hash of its own. Raises ValueError when the document does not hold."""
    bare = {key: value for key, value in document.items() if key != "sha256"}
    bare = Plan.model_validate({**bare, "sha256": "0" * 64}).document
    return Plan.model_validate({**bare, "sha256": _hash(bare)})


def _hash(document: Mapping[str, Any]) -> str:
    return hashlib.sha256(canonical({key: value for key, value in document.items() if key != "sha256"})).hexdigest()


def parse_plan(document: Any, where: str = "") -> PlanFile:
    """The plan of a file's content. Raises UsageError when it is none, RefusedError when it was altered."""
    plan = document.get("plan") if isinstance(document, dict) else None
    if not isinstance(plan, dict) or not isinstance(plan.get("schema"), str):
        raise UsageError("this is no plan", where=where, do=_ANEW)
    if plan["schema"] != SCHEMA:
        what = f"this is a plan of another version ({plan['schema'][:40]!r} instead of {SCHEMA})"
        raise UsageError(what, where=where, do=_ANEW)
    try:
        altered = plan.get("sha256") != _hash(plan)
    except UnicodeEncodeError:
        altered = True
    if altered:
        raise RefusedError("the plan was altered after it was sealed", where=where, do=_ANEW)
    try:
        return PlanFile.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        what = f"the plan does not hold ({place}: {first['msg'].removeprefix('Value error, ')})"
        raise UsageError(what, where=where, do=_ANEW) from None


def load_plan(path: Path) -> PlanFile:
    """Read a plan file. Raises UsageError for what cannot be read or is no plan, RefusedError for an altered one."""
    data = read_small(path, LARGEST, "plan")
    try:
        document = json.loads(data.decode(), object_pairs_hook=_once, parse_constant=_no_number)
    except (ValueError, RecursionError):
        what = "the file is empty" if not data.strip() else "this is no plan: it is not whole JSON"
        raise UsageError(what, where=str(path), do=_ANEW) from None
    return parse_plan(document, str(path))


def write_plan(path: Path, file: PlanFile) -> None:
    """Write a plan file whole or not at all. Raises UsageError."""
    write_whole(path, (json.dumps(file.document, ensure_ascii=False, indent=1) + "\n").encode(), what="the plan")


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")
