"""A plan: commands per device, order and way back."""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from eventready.change.document.part import Part, Statement, visible_line, visible_lines
from eventready.core.errors import InvalidValue
from eventready.core.messages import message
from eventready.platforms.model import GuardKind
from eventready.workspace.devices.intents import Intent

#: Expected seconds of a wave beside its soak: checks, lines, logins, and 10 s between two readings of counters.
_STEPS_S = 30.0
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


class LeftOut(Part):
    """An excluded device, and the reason."""

    name: str
    reason: Statement

    _shown = field_validator("name")(visible_line)


class Created(Part):
    """The time of planning: real time (UTC) and event time (ISO 8601)."""

    real: str
    event: str

    _shown = field_validator("real", "event")(visible_line)


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
    `together` are the numbers of the waves that begin while the wave before soaks (the first is 1).
    `unmeasured` are the venues and services without a measured path, with several devices in the plan.
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
    together: tuple[int, ...] = Field(default=(), strict=False)
    sha256: str = Field(pattern=_SHA256)

    _shown = field_validator("event", "by", "host", "tool")(visible_line)
    _each = field_validator("unchanged", "unmeasured")(visible_lines)

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

    @property
    def groups(self) -> tuple[tuple[tuple[str, ...], ...], ...]:
        """Return the waves in the order of execution, grouped by common soak."""
        groups: list[tuple[tuple[str, ...], ...]] = []
        for number, wave in enumerate(self.waves, 1):
            groups[-1:] = [(*groups[-1], wave)] if groups and number in self.together else [*groups[-1:], (wave,)]
        return tuple(groups)

    @property
    def duration(self) -> float:
        """Return the expected seconds of the whole: of each group the longest soak, and the steps of all its waves."""
        longest = dict(zip(self.waves, self.durations, strict=True))
        return sum(max(map(longest.__getitem__, group)) + _STEPS_S * (len(group) - 1) for group in self.groups)

    @property
    def durations(self) -> tuple[float, ...]:
        """Return the expected seconds of each wave: its longest soak, and the steps around the soak."""
        return tuple(max(self.device(name).soak_s for name in wave) + _STEPS_S for wave in self.waves)

    @property
    def empty(self) -> bool:
        """Return True if no device would change."""
        return not self.devices
