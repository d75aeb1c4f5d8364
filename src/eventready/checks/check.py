"""What a check is: a pure function from a look at one device (or at the fleet) and limits to findings.

    @check("cpu", roles=("router",), needs=("cpu",), limits=PercentLimits(warn=70, fail=85), duties=("1.2a",))
    def cpu(look: Look, limits: PercentLimits) -> Iterator[Finding]:
        \"\"\"Processor load over five minutes stays below the limit.\"\"\"

The first line of the docstring is what users read. A check that yields nothing has measured nothing, and the runner
says so. A check never sees a vendor, a command or a connection.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, model_validator

from eventready.checks.finding import Finding
from eventready.facts.records import Fact
from eventready.workspace.device import Device, Role

F = TypeVar("F", bound=Fact)


class Limits(BaseModel):
    """Base of a check's limits: typed, frozen, each field described with its source.

    Fields that end in `warn` and `fail` with the same beginning are a pair: a warning must come before a failure,
    where `worse` tells which way is worse.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    worse: ClassVar[Literal["higher", "lower"]] = "higher"

    @model_validator(mode="after")
    def _warn_comes_first(self) -> Self:
        for name in type(self).model_fields:
            if not name.endswith("warn") or not hasattr(self, other := name.removesuffix("warn") + "fail"):
                continue
            warn, fail = getattr(self, name), getattr(self, other)
            if (warn > fail) if self.worse == "higher" else (warn < fail):
                raise ValueError(f"{name} {warn:g} lies beyond {other} {fail:g}: it would never warn")
        return self


@dataclass(frozen=True)
class Look:
    """One device as a check sees it.

    `now`, `before` (first reading of counters) and `baseline` (an earlier run) map fact names to rows; a fact that
    was not measured is absent from the mapping. `untold` are the facts that this equipment can never tell.
    """

    device: Device
    now: Mapping[str, tuple[Fact, ...]]
    before: Mapping[str, tuple[Fact, ...]] = field(default_factory=dict)
    baseline: Mapping[str, tuple[Fact, ...]] = field(default_factory=dict)
    interval_s: float = 0.0
    moment: datetime | None = None
    untold: frozenset[str] = frozenset()

    def rows(self, fact: str, record: type[F]) -> tuple[F, ...]:
        """The rows of a fact; none when it was measured as empty, or not measured."""
        return tuple(row for row in self.now.get(fact, ()) if isinstance(row, record))

    def earlier(self, fact: str, record: type[F]) -> dict[str, F]:
        """The first reading of a counter fact, by subject."""
        return {row.subject: row for row in self.before.get(fact, ()) if isinstance(row, record)}

    def baselined(self, fact: str, record: type[F]) -> dict[str, F]:
        """The baseline run's rows, by subject."""
        return {row.subject: row for row in self.baseline.get(fact, ()) if isinstance(row, record)}

    def measured(self, fact: str) -> bool:
        """True when the device answered this question (with rows or with an honest none)."""
        return fact in self.now


Scope = Literal["device", "fleet"]


@dataclass(frozen=True)
class Check:
    """A registered check. `applies` tells from the device's expectations whether it is wanted there.

    A `fleet` check gets the looks of all devices of the audit at once, and names the device in its findings;
    `concerns` gives the names of those devices where one device's expectations do not tell (the far end of a link),
    and `glances` are facts that it looks at where another check has had them read.
    """

    name: str
    roles: tuple[Role, ...]
    needs: tuple[str, ...]
    limits: Limits
    duties: tuple[str, ...]
    run: Callable[..., Iterable[Finding]]
    scope: Scope = "device"
    applies: Callable[[Device], bool] = lambda _device: True
    concerns: Callable[[Sequence[Device]], Collection[str]] | None = None
    glances: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """First line of the docstring."""
        return (self.run.__doc__ or self.name).strip().splitlines()[0]


CHECKS: dict[str, Check] = {}


class NoLimits(Limits):
    """For checks that hold facts against expectations only."""


def check(
    name: str,
    *,
    roles: tuple[Role, ...],
    needs: tuple[str, ...],
    limits: Limits | None = None,
    duties: tuple[str, ...] = (),
    scope: Scope = "device",
    applies: Callable[[Device], bool] = lambda _device: True,
    concerns: Callable[[Sequence[Device]], Collection[str]] | None = None,
    glances: tuple[str, ...] = (),
) -> Callable[[Callable[..., Iterable[Finding]]], Callable[..., Iterable[Finding]]]:
    """Register a check under `name`. A second check of the same name is a defect and raises ValueError."""

    def register(function: Callable[..., Iterable[Finding]]) -> Callable[..., Iterable[Finding]]:
        if name in CHECKS:
            raise ValueError(f"two checks are named {name!r}")
        settled = limits or NoLimits()
        CHECKS[name] = Check(name, roles, needs, settled, duties, function, scope, applies, concerns, glances)
        return function

    return register
