"""Check: a pure function from a device view (or the views of all devices) and limits to findings.

    @check("cpu", kind="quality", roles=("router",), needs=("cpu",), limits=PercentLimits(warn=70, fail=85))
    def cpu(view: DeviceView, limits: PercentLimits) -> Iterator[Finding]:
        \"\"\"Processor load over five minutes stays below the limit.\"\"\"

Users read the first line of the docstring. A check that yields nothing has measured nothing, which becomes a finding.
A check never sees a vendor, a command, a connection or a clause.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from eventready.checks.finding import Finding
from eventready.core.errors import InvalidValue
from eventready.core.messages import message
from eventready.core.strings.texts import lines_of
from eventready.facts.records import Fact
from eventready.facts.rows import FactRows, rows_of
from eventready.network.network_facts import DeviceFacts
from eventready.workspace.devices.device import Device, Role
from eventready.workspace.devices.expect import Expect

F = TypeVar("F", bound=Fact)


class Limits(BaseModel):
    """Base of a check's limits: typed, frozen, each field described with its source.

    Fields that end in `warn` and `fail` with the same beginning are a pair: a warning must come before a failure,
    where `worse` tells which way is worse.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    blocks: bool = Field(default=False, strict=True, description="A failure of kind care counts as quality [K]")
    worse: ClassVar[Literal["higher", "lower"]] = "higher"

    @model_validator(mode="after")
    def _warn_comes_first(self) -> Self:
        for name in type(self).model_fields:
            if not name.endswith("warn") or not hasattr(self, other := name.removesuffix("warn") + "fail"):
                continue
            warn, fail = getattr(self, name), getattr(self, other)
            if None in (warn, fail):
                continue
            if (warn > fail) if self.worse == "higher" else (warn < fail):
                raise InvalidValue(message("checks:limit.beyond", name=name, warn=warn, other=other, fail=fail))
        return self


@dataclass(frozen=True)
class EarlierReading:
    """Facts of a device in an earlier full audit, seconds since its end; `alike`: of the same weekday and hour.

    `changes`: of ports and neighbours by fact and key, counted by a watch since then. `clients`: by venue, in a watch;
    what was there before a drop keeps the age that it had then.
    """

    age_s: float
    alike: bool
    facts: Mapping[str, FactRows[Fact]]
    changes: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    clients: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class DeviceView:
    """Measured facts of a device.

    `now`, `before` (first reading of counters) and `baseline` (an earlier run) map fact names to rows; a fact that
    was not measured is absent from the mapping. `history`: earlier full audits, oldest first: the latest, and the last
    of each earlier day with the same weekday and hour. `unsupported` are the facts that the platform does not offer,
    `needed` those of its checks, `left_out` the devices of the inventory that are not audited.
    """

    device: Device
    now: Mapping[str, FactRows[Fact]]
    before: Mapping[str, FactRows[Fact]] = field(default_factory=dict)
    baseline: Mapping[str, FactRows[Fact]] = field(default_factory=dict)
    history: tuple[EarlierReading, ...] = ()
    interval_s: float = 0.0
    moment: datetime | None = None
    unsupported: frozenset[str] = frozenset()
    left_out: Sequence[Device] = ()
    needed: tuple[str, ...] = ()

    def fact(self, fact: str, record: type[F]) -> FactRows[F]:
        """Rows of a fact, of records of its type; those of an unmeasured fact are none, and not whole."""
        return rows_of(self.now, fact, record)

    def each_row(self, fact: str, record: type[F]) -> tuple[F, ...]:
        """Rows of a fact, each for findings about the row alone, or for findings with a mark of other records."""
        return self.fact(fact, record).each_row()

    def earlier(self, fact: str, record: type[F]) -> dict[str, F]:
        """The first reading of a counter fact, by subject."""
        return {row.subject: row for row in rows_of(self.before, fact, record).each_row()}

    def baselined(self, fact: str, record: type[F]) -> dict[str, F]:
        """The baseline run's rows, by subject."""
        return {row.subject: row for row in rows_of(self.baseline, fact, record).each_row()}

    def measured(self, fact: str) -> bool:
        """True when the fact was measured, with rows or as empty."""
        return fact in self.now

    @property
    def facts(self) -> DeviceFacts:
        """Measured facts for the graph of the network."""
        return DeviceFacts(self.device, self.now, frozenset(fact for fact in self.needed if fact not in self.now))


Scope = Literal["device", "fleet", "network"]
#: The section of a report that a check belongs to.
Topic = Literal["network", "traffic", "backup", "stations", "wifi", "security"]
#: What a failure does to users. `state`: it cuts, and the graph of the network reads the same fact. `quality`: it
#: degrades those whose ways rest on the element. `care`: hygiene, a risk.
Kind = Literal["state", "quality", "care"]


@dataclass(frozen=True)
class Check:
    """A registered check. `applies` decides by the device's expectations whether the check runs there.

    A `fleet` check gets the views of all devices of the audit at once, and names the device in its findings. A
    `network` check gets the graph of the network (`WhatIf`) instead, in audits of all devices of an event with origins.
    `concerns` gives the names of its devices where the expectations of one device do not suffice (the far end of a
    link). `also_reads` are facts that it uses where another check needs them. `asks` are facts that devices are asked
    for on its behalf where their platform offers them, by a `network` check routers alone: without one it has fewer
    witnesses, and still runs.
    `expected_only`: each finding rests on the one record of an expected subject, so that no other record matters.
    `each`: the empty findings of a device's subjects, with their venues and services, for a device whose facts were not
    measured; None: one for the device.
    `varies`: the subjects come and go with the traffic; an audit judges them, the verification of a change does not.
    `rests_on`: fields of a counter; while none of them moves and no counter begins anew from reading to reading, passed
    findings stay passed, whatever else moves and however long it takes. Empty: all fields. `by_device`: a check
    across devices gets a function from a device to its limits instead of the limits. `of_files`: check of performance
    files with the same figure, which takes the place of this one where the platform has none of its own.
    """

    name: str
    kind: Kind
    roles: tuple[Role, ...]
    needs: tuple[str, ...]
    limits: Limits
    run: Callable[..., Iterable[Finding]]
    scope: Scope = "device"
    applies: Callable[[Device], bool] = lambda _device: True
    concerns: Callable[[Sequence[Device]], Collection[str]] | None = None
    also_reads: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()
    topic: Topic = "network"
    expected_only: bool = False
    each: Callable[[Device], Iterable[Finding]] | None = None
    varies: bool = False
    rests_on: frozenset[str] = frozenset()
    by_device: bool = False
    of_files: str = ""

    @property
    def title(self) -> str:
        """First line of the docstring."""
        return lines_of((self.run.__doc__ or self.name).strip())[0]


def expects(name: str) -> Callable[[Device], bool]:
    """Return a condition: the device has expectations of this name. An unknown name is a defect, a ValueError."""
    if name not in Expect.model_fields:
        raise ValueError(f"no device expects {name!r}")
    return lambda device: bool(getattr(device.expect, name))


CHECKS: dict[str, Check] = {}


class NoLimits(Limits):
    """Limits of a check against expectations only."""


def check(
    name: str,
    *,
    kind: Kind,
    roles: tuple[Role, ...],
    needs: tuple[str, ...],
    limits: Limits | None = None,
    scope: Scope = "device",
    applies: Callable[[Device], bool] = lambda _device: True,
    concerns: Callable[[Sequence[Device]], Collection[str]] | None = None,
    also_reads: tuple[str, ...] = (),
    asks: tuple[str, ...] = (),
    topic: Topic = "network",
    expected_only: bool = False,
    each: Callable[[Device], Iterable[Finding]] | None = None,
    varies: bool = False,
    rests_on: Iterable[str] = (),
    by_device: bool = False,
    of_files: str = "",
) -> Callable[[Callable[..., Iterable[Finding]]], Callable[..., Iterable[Finding]]]:
    """Register a check under `name`. A second check of the same name is a defect and raises ValueError."""

    def register(function: Callable[..., Iterable[Finding]]) -> Callable[..., Iterable[Finding]]:
        if name in CHECKS:
            raise ValueError(f"two checks are named {name!r}")
        settled = limits or NoLimits()
        CHECKS[name] = Check(
            name, kind, roles, needs, settled, function, scope, applies, concerns, also_reads, asks, topic,
            expected_only, each, varies, frozenset(rests_on), by_device, of_files,
        )  # fmt: skip
        return function

    return register
