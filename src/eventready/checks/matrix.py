"""Devices x checks, settled before the first connection: what will be asked, and what cannot be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Protocol

from eventready.checks.check import Check
from eventready.checks.registry import all_checks
from eventready.errors import WorkspaceError
from eventready.facts.catalogue import CATALOGUE
from eventready.platforms.model import PlatformSpec
from eventready.workspace.complaints import suggest
from eventready.workspace.device import Device


class Speaks(Protocol):
    """What the matrix must know of a platform (`facts.platform.Platform` is one)."""

    @property
    def name(self) -> str:
        """The platform's name."""

    @property
    def spec(self) -> PlatformSpec:
        """Its description."""

    @property
    def facts(self) -> Mapping[str, object]:
        """The facts that it can be asked for."""

    @property
    def cannot_tell(self) -> Mapping[str, str]:
        """The facts that such equipment has no words for, with the reason."""


class Ask(StrEnum):
    """What becomes of a check at a device."""

    ASKED = "asked"
    CANNOT_TELL = "cannot_tell"
    NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True)
class Cell:
    """One check at one device; `reason` is a sentence wherever it is not asked."""

    device: str
    check: str
    state: Ask
    reason: str = ""


@dataclass(frozen=True)
class Matrix:
    """All cells, and the checks they are of. Devices and checks are in the order of their names.

    `untold` are the facts that each device's platform cannot be asked for.
    """

    cells: Mapping[tuple[str, str], Cell]
    checks: Mapping[str, Check]
    devices: tuple[str, ...]
    untold: Mapping[str, frozenset[str]]

    def of(self, device: str) -> tuple[Cell, ...]:
        """The cells of one device."""
        return tuple(self.cells[device, check] for check in self.checks)

    def asked(self, check: str) -> tuple[str, ...]:
        """The devices that a check is asked of."""
        return self._asked[check]

    def facts_for(self, device: str) -> tuple[str, ...]:
        """All facts that the device's checks want, also those that it cannot tell, in the catalogue's order."""
        return self._facts[device]

    def needed(self, device: str) -> tuple[str, ...]:
        """The facts that must be measured for the device to be known: what its asked checks need."""
        return self._needed[device]

    def shared(self, device: str) -> frozenset[str]:
        """The facts that checks across devices look at on this one; none where no such check is asked of it."""
        across = [
            c for c in self.checks.values() if c.scope == "fleet" and self.cells[device, c.name].state is Ask.ASKED
        ]
        return frozenset(fact for check in across for fact in (*check.needs, *check.glances))

    @cached_property
    def _asked(self) -> dict[str, tuple[str, ...]]:
        asked: dict[str, list[str]] = {check: [] for check in self.checks}
        for cell in self.cells.values():
            if cell.state is Ask.ASKED:
                asked[cell.check].append(cell.device)
        return {check: tuple(devices) for check, devices in asked.items()}

    @cached_property
    def _facts(self) -> dict[str, tuple[str, ...]]:
        return {device: self._wanted(device, (Ask.ASKED, Ask.CANNOT_TELL)) for device in self.devices}

    @cached_property
    def _needed(self) -> dict[str, tuple[str, ...]]:
        return {device: self._wanted(device, (Ask.ASKED,)) for device in self.devices}

    def _wanted(self, device: str, states: tuple[Ask, ...]) -> tuple[str, ...]:
        needs = {need for cell in self.of(device) if cell.state in states for need in self.checks[cell.check].needs}
        return tuple(fact for fact in CATALOGUE if fact in needs)


def build_matrix(devices: Sequence[Device], platforms: Mapping[str, Speaks], *, fleet: bool = True) -> Matrix:
    """Settle every check at every device. Without `fleet` the checks that compare devices are left out.

    Raises WorkspaceError, with the device's place, for a platform that is not among `platforms` and for a role that
    the platform does not play.
    """
    checks = {check.name: check for check in all_checks() if fleet or check.scope == "device"}
    ordered = sorted(devices, key=lambda device: device.name)
    concerned = {check.name: set(check.concerns(ordered)) for check in checks.values() if check.concerns is not None}
    cells: dict[tuple[str, str], Cell] = {}
    for device in ordered:
        platform = _platform_of(device, platforms)
        for check in checks.values():
            wanted = device.name in concerned[check.name] if check.name in concerned else check.applies(device)
            cells[device.name, check.name] = _cell(device, check, platform, wanted=wanted)
    untold = {name: frozenset(CATALOGUE) - frozenset(platform.facts) for name, platform in platforms.items()}
    return Matrix(
        cells, checks, tuple(device.name for device in ordered), {d.name: untold[d.platform] for d in ordered}
    )


def _platform_of(device: Device, platforms: Mapping[str, Speaks]) -> Speaks:
    platform = platforms.get(device.platform)
    if platform is None:
        raise WorkspaceError(
            f"{device.name} has the platform {device.platform!r}, which is not known",
            where=device.origin,
            do=suggest(device.platform, platforms, noun="Platforms"),
        )
    if device.role not in platform.spec.roles:
        roles = ", ".join(platform.spec.roles)
        raise WorkspaceError(
            f"{device.name} is a {device.role}, and the platform {platform.name} plays {roles}",
            where=device.origin,
            do="Correct the role or the platform.",
        )
    return platform


def _cell(device: Device, check: Check, platform: Speaks, *, wanted: bool) -> Cell:
    if device.role not in check.roles:
        return Cell(device.name, check.name, Ask.NOT_APPLICABLE, f"Not asked of a {device.role}.")
    if not wanted:
        return Cell(device.name, check.name, Ask.NOT_APPLICABLE, "Nothing of the kind is expected of this device.")
    reasons = tuple(_untold(check, platform))
    if reasons:
        return Cell(device.name, check.name, Ask.CANNOT_TELL, "; ".join(reasons))
    return Cell(device.name, check.name, Ask.ASKED)


def _untold(check: Check, platform: Speaks) -> Iterator[str]:
    for need in check.needs:
        if need not in platform.facts:
            yield platform.cannot_tell.get(need, f"the platform {platform.name} does not know how to ask for {need}")
