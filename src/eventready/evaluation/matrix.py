"""The matrix of devices and checks, built before the first connection: applicable, unsupported, or neither."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import cached_property
from typing import NamedTuple, Protocol

from eventready.checks.check import Check, Scope
from eventready.checks.finding import Finding, Outcome
from eventready.checks.registry import all_checks
from eventready.core.errors import WorkspaceError
from eventready.core.messages import Bilingual, Message, Text, message
from eventready.core.validation_messages import suggest
from eventready.facts.catalogue import CATALOGUE
from eventready.network.setting import NetworkSetting, waived_ports
from eventready.platforms.model import PlatformSpec
from eventready.workspace.devices.device import ROLES, Device, Role
from eventready.workspace.settings.duties import Duty

#: Reasons of the cells without a check, most cells of a fleet.
_OTHER_ROLE = {role: message("checks:matrix.other_role", role=role) for role in ROLES}
_ACROSS: tuple[Scope, ...] = ("fleet", "network")
_NOT_EXPECTED = message("checks:matrix.not_expected")
_NO_FILES = message("checks:matrix.no_files")
#: Facts that no device is asked for.
_OF_FILES = frozenset(name for name, kind in CATALOGUE.items() if kind.of_files)
_OF_CHANGES = frozenset(name for name, kind in CATALOGUE.items() if kind.of_changes)


class PlatformFacts(Protocol):
    """Facts of a platform, as `facts.platform.Platform` has them."""

    @property
    def name(self) -> str:
        """The platform's name."""

    @property
    def spec(self) -> PlatformSpec:
        """The platform's description."""

    @property
    def facts(self) -> Mapping[str, object]:
        """Facts the platform supports."""

    @property
    def unsupported(self) -> Mapping[str, Bilingual]:
        """Facts without a command on the equipment, with the reason."""


class CellState(StrEnum):
    """Applicability of a check to a device."""

    APPLICABLE = "applicable"
    UNSUPPORTED = "unsupported"
    NOT_APPLICABLE = "not_applicable"


class MatrixCell(NamedTuple):
    """Check at a device; `reason`: why the check is not applicable or unsupported."""

    check: str
    state: CellState
    reason: Text | None = None


@dataclass(frozen=True)
class Matrix:
    """Matrix of devices and checks. Devices and checks are in the order of their names.

    `cells`: of each device with an applicable or unsupported check, shared by devices alike. `unsupported`: facts
    without an offer of the device's platform. `inventory`: facts of each device beside those of its checks, in a wide
    audit; no check sees them. `network`: setting of the checks of the whole network.
    `left_out`: devices of the inventory without cells. `asks_of`: facts of each device beside the needs of its checks.
    `of_files`: devices with performance files.
    """

    cells: Mapping[str, tuple[MatrixCell, ...]]
    checks: Mapping[str, Check]
    devices: Mapping[str, Role]
    unsupported: Mapping[str, frozenset[str]]
    inventory: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    network: NetworkSetting | None = None
    left_out: Sequence[Device] = ()
    asks_of: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    of_files: frozenset[str] = frozenset()

    def with_waived(self, findings: Iterable[Finding]) -> Matrix:
        """Copy with the ports of the waived findings in the setting of the network."""
        ports = waived_ports(one.identity for one in findings if one.status is Outcome.WAIVED)
        return replace(self, network=self.network.with_waived(ports)) if self.network and ports else self

    def of(self, device: str) -> tuple[MatrixCell, ...]:
        """Cells of a device, by check."""
        found, role = {cell.check: cell for cell in self.cells[device]}, self.devices[device]
        return tuple(
            found.get(name) or MatrixCell(name, CellState.NOT_APPLICABLE, self._absence(check, device, role))
            for name, check in self.checks.items()
        )

    def _absence(self, check: Check, device: str, role: Role) -> Message:
        """Reason for the absence of a check at a device."""
        if role not in check.roles:
            return _OTHER_ROLE[role]
        if device in self.of_files:
            return message("checks:matrix.by_files", check=check.of_files) if check.of_files else _NOT_EXPECTED
        return _NOT_EXPECTED if _OF_FILES.isdisjoint(check.needs) else _NO_FILES

    def concerning(self, device: str) -> Sequence[MatrixCell]:
        """Cells of a device with an applicable or unsupported check."""
        return self.cells[device]

    def devices_for(self, check: str) -> tuple[str, ...]:
        """The devices to which a check applies."""
        return self._devices[check]

    def facts_for(self, device: str) -> tuple[str, ...]:
        """All facts of the device's checks, unsupported facts included, in catalogue order; with `asks_of`."""
        return self._wanted(device, (CellState.APPLICABLE, CellState.UNSUPPORTED))

    def requested(self, device: str) -> tuple[str, ...]:
        """Facts to ask a device for: those of its checks first, then its inventory; none of files and of changes."""
        of_checks = (fact for fact in self.facts_for(device) if CATALOGUE[fact].of_commands)
        return (*of_checks, *self.inventory.get(device, ()))

    def needed(self, device: str) -> tuple[str, ...]:
        """Facts of the device's applicable checks, with `asks_of`."""
        return self._wanted(device, (CellState.APPLICABLE,))

    def shared(self, device: str, *scopes: Scope) -> frozenset[str]:
        """Facts of the device used by checks across devices, or by those of some scopes."""
        cells = (cell for cell in self.concerning(device) if cell.state is CellState.APPLICABLE)
        across = (check for cell in cells if (check := self.checks[cell.check]).scope in (scopes or _ACROSS))
        return frozenset(fact for check in across for fact in (*check.needs, *check.also_reads, *check.asks))

    @cached_property
    def _devices(self) -> dict[str, tuple[str, ...]]:
        devices: dict[str, list[str]] = {check: [] for check in self.checks}
        for device, cells in self.cells.items():
            for cell in cells:
                if cell.state is CellState.APPLICABLE:
                    devices[cell.check].append(device)
        return {check: tuple(names) for check, names in devices.items()}

    def _wanted(self, device: str, states: tuple[CellState, ...]) -> tuple[str, ...]:
        needs = {
            need for cell in self.concerning(device) if cell.state in states for need in self.checks[cell.check].needs
        }.union(self.asks_of.get(device, ()))
        return tuple(fact for fact in CATALOGUE if fact in needs)


def build_matrix(
    devices: Sequence[Device],
    platforms: Mapping[str, PlatformFacts],
    *,
    fleet: bool = True,
    wide: bool = False,
    network: NetworkSetting | None = None,
    left_out: Sequence[Device] = (),
    of_files: Collection[str] = (),
    of_changes: Collection[str] = (),
) -> Matrix:
    """Decide for every check at every device; `fleet`: include checks across devices. `wide`: ask for all facts.

    `network`: setting of the checks of the whole network, which are left out without it. `left_out`: devices of the
    inventory beside `devices`, known to the checks across devices. `of_files`: devices with performance files, which
    alone have the checks of these; `of_changes`: devices with lines of an event that is over.

    Raises WorkspaceError, with the device's place, for a platform that is not among `platforms` and for a role that
    the platform does not play.
    """
    scopes = {"device", *(("fleet",) if fleet else ()), *(("network",) if network else ())}
    checks = {check.name: check for check in all_checks() if check.scope in scopes}
    ordered = sorted(devices, key=lambda device: device.name)
    concerned = {check.name: set(check.concerns(ordered)) for check in checks.values() if check.concerns is not None}
    cells: dict[str, tuple[MatrixCell, ...]] = {}
    shared: dict[tuple[str, ...], tuple[MatrixCell, ...]] = {}
    for device in ordered:
        platform = _platform_of(device, platforms)
        wanted = [
            check for check in checks.values() if device.role in check.roles
            and (device.name in concerned[check.name] if check.name in concerned else check.applies(device))
            and _by_files(check, platform, filed=device.name in of_files)
            and (device.name in of_changes or _OF_CHANGES.isdisjoint(check.needs))
        ]  # fmt: skip
        alike = (device.platform, str(device.name in of_files), *(check.name for check in wanted))
        if alike not in shared:
            shared[alike] = tuple(_cell(check, platform, filed=device.name in of_files) for check in wanted)
        cells[device.name] = shared[alike]
    unsupported = {name: frozenset(CATALOGUE) - frozenset(platform.facts) for name, platform in platforms.items()}
    roles = {device.name: device.role for device in ordered}
    given = {
        one.name: (_OF_FILES if one.name in of_files else frozenset())
        | (_OF_CHANGES if one.name in of_changes else frozenset())
        for one in ordered
    }
    offers = {one.name: unsupported[one.platform] - given[one.name] for one in ordered}
    asks_of = _asks_of(ordered, platforms, checks, cells)
    matrix = Matrix(
        cells, checks, roles, offers, network=network, left_out=left_out, asks_of=asks_of, of_files=frozenset(of_files)
    )
    return replace(matrix, inventory=_inventory(ordered, platforms, matrix)) if wide else matrix


def _asks_of(
    devices: Sequence[Device],
    platforms: Mapping[str, PlatformFacts],
    checks: Mapping[str, Check],
    cells: Mapping[str, tuple[MatrixCell, ...]],
) -> dict[str, tuple[str, ...]]:
    """Facts of each device in `asks` of its checks, offered by its platform; routes only for devices with origins.

    What checks of the whole network ask concerns routers alone.
    """
    asks_of: dict[str, tuple[str, ...]] = {}
    for device in devices:
        applicable = [checks[cell.check] for cell in cells[device.name] if cell.state is CellState.APPLICABLE]
        wanting = [check for check in applicable if device.role == "router" or check.scope == "device"]
        named = dict.fromkeys(fact for check in wanting for fact in check.asks)
        offered = (fact for fact in named if fact in platforms[device.platform].facts)
        asks_of[device.name] = tuple(f for f in offered if device.origin_addresses or not CATALOGUE[f].per_question)
    return asks_of


def _inventory(
    devices: Sequence[Device], platforms: Mapping[str, PlatformFacts], matrix: Matrix
) -> dict[str, tuple[str, ...]]:
    """Facts by device, offered by its platform or refused with a reason, without a check of the device."""
    inventory: dict[str, tuple[str, ...]] = {}
    for device in devices:
        platform, judged = platforms[device.platform], matrix.facts_for(device.name)
        known = {*platform.facts, *platform.unsupported}.difference(judged)
        named = (name for name, kind in CATALOGUE.items() if not kind.per_question)
        inventory[device.name] = tuple(name for name in named if name in known)
    return inventory


def _platform_of(device: Device, platforms: Mapping[str, PlatformFacts]) -> PlatformFacts:
    platform = platforms.get(device.platform)
    if platform is None:
        raise WorkspaceError(
            message("checks:platform_unknown", device=device.name, platform=device.platform),
            where=device.origin,
            do=suggest(device.platform, platforms, noun="Platforms"),
        )
    if device.role not in platform.spec.roles:
        played = {"role": device.role, "platform": platform.name, "roles": platform.spec.roles}
        raise WorkspaceError(message("checks:role_not_played", device=device.name, **played), where=device.origin)
    return platform


def _by_files(check: Check, platform: PlatformFacts, *, filed: bool) -> bool:
    """True for a check to be kept with or without performance files (`filed`).

    Without files, those of files have no facts; with files, those take the place of a check without facts.
    """
    lacking = [need for need in check.needs if need not in platform.facts and need not in _OF_CHANGES]
    return not (lacking and check.of_files) if filed else _OF_FILES.isdisjoint(lacking)


def _cell(check: Check, platform: PlatformFacts, *, filed: bool) -> MatrixCell:
    reasons = () if filed and _OF_FILES.issuperset(check.needs) else tuple(_unsupported(check, platform))
    if reasons:
        several = message("terms:several", items=reasons)
        return MatrixCell(check.name, CellState.UNSUPPORTED, reasons[0] if len(reasons) == 1 else several)
    return MatrixCell(check.name, CellState.APPLICABLE)


def _unsupported(check: Check, platform: PlatformFacts) -> Iterator[Text]:
    for need in check.needs:
        if need not in platform.facts and need not in _OF_CHANGES:
            yield platform.unsupported.get(need) or message("facts:no_command", platform=platform.name, fact=need)


class DutyIndex:
    """Ids of clauses by check and venues. A run has few pairs of these, and a hundred findings per device."""

    def __init__(self, duties: Sequence[Duty]) -> None:
        self._duties = tuple(duty for duty in duties if duty.proof.checks)
        self._found: dict[tuple[str, tuple[str, ...]], tuple[str, ...]] = {}

    def of(self, check: str, venues: tuple[str, ...]) -> tuple[str, ...]:
        """Return the clauses proved by the check; a clause with venues needs a venue of the finding."""
        key = (check, venues)
        if key not in self._found:
            self._found[key] = tuple(duty.id for duty in self._duties if _concerns(duty, check, venues))
        return self._found[key]


def _concerns(duty: Duty, check: str, venues: tuple[str, ...]) -> bool:
    if not any(fnmatchcase(check, glob) for glob in duty.proof.checks):
        return False
    return not duty.proof.venues or not set(venues).isdisjoint(duty.proof.venues)
