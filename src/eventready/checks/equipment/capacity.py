"""Demand of capacity.yaml against the capacity in service."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from statistics import fmean
from typing import NamedTuple

from pydantic import Field

from eventready.checks.answer import answered, blind, graded, missing, of_all, of_subject, tidy, unknown, warned
from eventready.checks.check import DeviceView, Limits, NoLimits, check
from eventready.checks.finding import Finding, Outcome
from eventready.core.messages import Message
from eventready.core.timezone import local_time
from eventready.facts.records import CellPerformance, NatSessions
from eventready.facts.rows import rows_of
from eventready.network.capacity.balance import Balance, Kind, Status
from eventready.network.capacity.calculate import CapacityCalculation
from eventready.network.capacity.case import CapacityTargets
from eventready.network.capacity.formulas import blocking
from eventready.network.capacity.links import LinkGroups
from eventready.network.graph.outcome import WhatIf
from eventready.workspace.devices.capacity import POOL_ROLES, Load
from eventready.workspace.devices.device import ROLES, Device, Role

_OUTCOMES: Mapping[Status, Outcome] = {"enough": Outcome.PASS, "crowd": Outcome.WARN, "short": Outcome.FAIL}
_WORSE: Sequence[Status] = ("enough", "crowd", "unknown", "short")
_SERVICES: tuple[Role, ...] = tuple(role for role in ROLES if role != "vantage")
#: Loads that need no measurement, and the access points with a declared rate of their radios.
_DECLARED = frozenset({"nat", "portal", "dns", "circuits", "backhaul"})
#: Balances that rest on all records of a cell or access point, with the end of their subjects behind its name.
_OF_PLACE: Mapping[Kind, str] = {"tch": " TCH", "sdcch": " SDCCH", "clients": "", "airtime": " airtime"}


CAPACITY_CHECKS = ("capacity_access_point", "capacity_cell", "capacity_link", "capacity_pool", "capacity_service")


class CapacityCellLimits(Limits):
    """Percent of requests lost for want of a channel, and the largest share of the rate of an LTE or NR cell."""

    call_loss: float = Field(default=2, gt=0, le=100, description="Calls lost, % (TCH blocking) [S25]")
    signalling_loss: float = Field(default=0.5, gt=0, le=100, description="Signalling lost, % (SDCCH blocking) [K]")
    load: float = Field(default=0.7, gt=0, le=1, description="Share of a cell's rate that users may ask for [S27]")


class CapacityAccessPointLimits(Limits):
    """Expected number of clients per radio in service, the mean of the venue, and the share of airtime."""

    warn: float = Field(default=30, ge=1, description="Warning from this number per radio on [S30]")
    fail: float = Field(default=50, ge=1, description="Failure from this number per radio on [S30]")
    share: float = Field(default=2, ge=1, description="Warning beyond this multiple of the venue's mean [D]")
    airtime: float = Field(default=0.8, gt=0, le=1, description="Share of the airtime that clients may take [S31]")


class CapacityLinkLimits(Limits):
    """Use of links after a single failure, as a share from 0 to 1."""

    left: float = Field(default=0.8, gt=0, le=1, description="Share of what a single failure leaves [D]")


class CapacityPoolLimits(Limits):
    """Reserve of addresses: number per device."""

    reserve: float = Field(default=1.3, ge=1, description="Addresses for each device in the time of a lease [D]")


class NatSessionsLimits(Limits):
    """Used share of the table of sessions, in percent."""

    warn: float = Field(default=75, ge=0, le=100, description="Warning from this use on, % [D]")
    fail: float = Field(default=90, ge=0, le=100, description="Failure from this use on, % [D]")


class CapacityServiceLimits(Limits):
    """Percent of calls lost for want of a circuit."""

    circuit_loss: float = Field(default=1, gt=0, le=100, description="Calls lost, % (ITU-T E.520) [K]")


def capacity_targets(*limits: Limits) -> CapacityTargets:
    """Targets of a calculation by the limits of checks."""
    known = {field.name for field in fields(CapacityTargets)}
    return CapacityTargets(**{key: value for one in limits for key, value in one if key in known})


def _carries(wanted: Callable[[Load], bool]) -> Callable[[Device], bool]:
    return lambda device: any(map(wanted, device.loads))


def _of_kind(kind: str) -> Callable[[Load], bool]:
    return lambda load: load.kind == kind


def _pool(load: Load) -> bool:
    """True for a pool with addresses reported by the device."""
    return load.kind == "pool" and load.supply is not None and not load.supply.addresses


def _linked(load: Load) -> bool:
    return load.kind == "links" and bool(load.demands)


def _declared(load: Load) -> bool:
    return load.supply is not None and (load.kind in _DECLARED or (load.kind == "pool" and not _pool(load)))


def _lacking(load: Load) -> bool:
    """True for a load without a supply, of a kind with declared supplies."""
    return load.supply is None and load.kind in {*_DECLARED, "pool"}


def _of_device(view: DeviceView, limits: Limits, wanted: Callable[[Load], bool]) -> list[Balance]:
    name = view.device.name
    calculation = CapacityCalculation({name: view.facts}, lambda _name: capacity_targets(limits))
    return _worst(calculation.balances(name, filter(wanted, view.device.loads)))


def _worst(balances: Iterable[Balance]) -> list[Balance]:
    """The balance of each subject in its worst window."""
    worst: dict[str, Balance] = {}
    for found in balances:
        known = worst.setdefault(found.subject, found)
        if (_WORSE.index(found.status), found.use) > (_WORSE.index(known.status), known.use):
            worst[found.subject] = found
    return list(worst.values())


def _judged(balance: Balance) -> Finding:
    """Finding for the venues and services of the demands."""
    return _sentence(balance).replace(services=balance.services)


def _sentence(balance: Balance) -> Finding:
    if balance.unknown:
        if balance.unread:
            return unknown(
                balance.subject, "checks:capacity.unread", venues=balance.venues, devices=", ".join(balance.unread)
            )
        return unknown(balance.subject, "checks:capacity.no_supply", venues=balance.venues)
    if balance.further and balance.status == "enough" and balance.crowd.value > balance.further.value:
        return warned(
            balance.subject, "checks:capacity.no_further", value=tidy(balance.crowd.value, 2), venues=balance.venues,
            limit=tidy(balance.limit.value, 2), further=tidy(balance.further.value, 2), window=balance.window,
        )  # fmt: skip
    short = balance.status == "short"
    figure, limit = (balance.busy, balance.limit) if short else (balance.crowd, balance.crowd_limit)
    details = {key: tidy(one.value, 2) for key, one in balance.details.items()}
    if "channels" in details:
        details["traffic"] = details["traffic" if short else "crowd"]
    message = "checks:demand" if "channels" in details else "checks:capacity"
    finding = answered(
        _OUTCOMES[balance.status],
        balance.subject,
        "checks:demand.radio" if "clients" in details else f"{message}.busy_hour" if short else f"{message}.crowd",
        value=tidy(figure.value, 2),
        limit=tidy(limit.value, 2),
        unit=balance.unit,
        venues=balance.venues,
        window=balance.window,
        kind=balance.kind,
        **details,
    )
    if balance.kind == "pool":  # another pool only adds addresses
        return finding if finding.status is Outcome.PASS else of_all(finding)
    suffix = _OF_PLACE.get(balance.kind)
    return finding if suffix is None else of_subject(finding, balance.subject.removesuffix(suffix))


@check(
    "capacity_cell",
    kind="quality",
    topic="traffic",
    roles=("bts_controller",),
    needs=("cell",),
    limits=CapacityCellLimits(),
    applies=_carries(_of_kind("cell")),
    also_reads=("channel_load", "cell_performance"),
)
def capacity_cell(view: DeviceView, limits: CapacityCellLimits) -> Iterator[Finding]:
    """Every cell has channels and rate enough for its expected users, in the busy hour and in a crowd.

    A busy hour measured beyond the expected one counts in its place.
    """
    hours = _busiest(view)
    found = [(one.subject.rpartition(" ")[0], one) for one in _of_device(view, limits, _of_kind("cell"))]
    served = {name for name, one in found if "channels" not in one.details or one.details["channels"].value}
    for name, balance in found:
        if name in served or balance.unknown:
            yield _measured(balance, hours[balance.kind].get(name.casefold())) or _judged(balance)
        elif balance.kind == "tch":
            yield missing(name, "checks:channel.none", venues=balance.venues)


def _busiest(view: DeviceView) -> Mapping[str, Mapping[str, _Hour]]:
    """Return the hour with most traffic or users of each cell, by kind of balance: now and in earlier audits."""
    found: dict[str, dict[str, _Hour]] = defaultdict(dict)
    for facts in (view.now, *(past.facts for past in view.history)):
        for row in rows_of(facts, "cell_performance", CellPerformance).each_row():
            for kind, value in (("connected", row.users_hour), ("tch", row.traffic_hour)):
                known = found[kind].get(key := row.cell.casefold())
                if value is not None and (known is None or value > known.value):
                    found[kind][key] = _Hour(value, f"{local_time(row.ended):%d/%m/%Y %H:%M}")
    return found


class _Hour(NamedTuple):
    """Connected users or traffic in E in an hour, with the text of its end."""

    value: float
    at: str


def _measured(balance: Balance, hour: _Hour | None) -> Finding | None:
    """Return the finding about a measured hour: beyond the supply, or beyond the expectation with supply enough."""
    if hour is None or balance.unknown:
        return None
    details, value, sentence = dict[str, float](), hour.value, "checks:capacity.measured"
    if channels := balance.details.get("channels"):
        sentence, value = "checks:demand.measured", 100 * blocking(int(channels.value), hour.value)
        details = {"traffic": tidy(hour.value, 2), "channels": tidy(channels.value, 2)}
    short = value > balance.limit.value
    if not (short and balance.status != "short") and not (balance.status == "enough" and value > balance.busy.value):
        return None
    finding = answered(
        Outcome.FAIL if short else Outcome.PASS, balance.subject, sentence, value=tidy(value, 2), unit=balance.unit,
        limit=tidy(balance.limit.value, 2), venues=balance.venues, kind=balance.kind, at=hour.at, **details,
    )  # fmt: skip
    return of_subject(finding, balance.subject.rpartition(" ")[0]).replace(services=balance.services)


@check(
    "capacity_access_point",
    kind="quality",
    topic="wifi",
    roles=("wifi_controller",),
    needs=("radio", "radio_24"),
    limits=CapacityAccessPointLimits(),
    applies=_carries(_of_kind("access_point")),
)
def capacity_access_point(view: DeviceView, limits: CapacityAccessPointLimits) -> Iterator[Finding]:
    """Every access point has radios enough for its expected clients, and no crowd for its neighbours to share."""
    found = _of_device(view, limits, _of_kind("access_point"))
    demands = {id(one): one for load in view.device.loads for one in load.demands}
    placed = {place for one in demands.values() for place in one.places}
    crowds = {one.subject: one.details["clients"].value for one in found if "clients" in one.details}
    alike: dict[tuple[str, ...], list[float]] = {}
    for one in found:
        if one.subject in placed:
            alike.setdefault(one.venues, []).append(crowds[one.subject])
    for balance in found:
        clients = tidy(crowds.get(balance.subject, 0))
        if balance.status in ("unknown", "short") and not balance.limit.value:
            if balance.kind == "clients":
                yield missing(balance.subject, "checks:demand.no_radio", venues=balance.venues, clients=clients)
            continue
        share = clients / fmean(alike[balance.venues]) if balance.subject in placed else 0
        if balance.status == "enough" and share > limits.share:
            yield warned(
                balance.subject, "checks:demand.share", venues=balance.venues, clients=clients, value=tidy(share),
                limit=limits.share,
            )  # fmt: skip
        else:
            yield _judged(balance)


@check(
    "capacity_link",
    kind="quality",
    topic="traffic",
    roles=("router", "switch"),
    needs=("interface",),
    limits=CapacityLinkLimits(),
    scope="network",
    applies=_carries(_linked),
)
def capacity_link(network: WhatIf, limits: CapacityLinkLimits) -> Iterator[Finding]:
    """Links carry the expected demand after the loss of any device, link or risk group, or after a present loss."""
    groups, readings = LinkGroups(network.topology), network.topology.readings
    calculation = CapacityCalculation(readings.by_name, lambda _name: capacity_targets(limits), groups)
    for reading in readings.all:
        loads = [load for load in reading.device.loads if load.kind in {"links", "backhaul"}]
        balances = calculation.balances(reading.name, loads)
        for balance in _worst(one for one in balances if one.kind == "links"):
            yield _judged(balance).replace(device=reading.name)
    if not groups.by_owner:
        demands = [one for reading in readings.all for load in reading.device.loads for one in load.demands
                   if _linked(load)]  # fmt: skip
        services = tuple(dict.fromkeys(one.service for one in demands))
        no_way = unknown("links", "checks:capacity.no_links", venues=dict.fromkeys(one.venue for one in demands))
        yield no_way.replace(services=services)


@check(
    "capacity_pool",
    kind="quality",
    topic="traffic",
    roles=POOL_ROLES,
    needs=("dhcp_pool",),
    limits=CapacityPoolLimits(),
    applies=_carries(_pool),
)
def capacity_pool(view: DeviceView, limits: CapacityPoolLimits) -> Iterator[Finding]:
    """Address pools have an address and a reserve for every expected device."""
    yield from map(_judged, _of_device(view, limits, _pool))


@check(
    "capacity_service",
    kind="quality",
    topic="traffic",
    roles=_SERVICES,
    needs=(),
    limits=CapacityServiceLimits(),
    applies=_carries(_declared),
    also_reads=("nat_sessions",),
)
def capacity_service(view: DeviceView, limits: CapacityServiceLimits) -> Iterator[Finding]:
    """Declared NAT, portal, DNS, circuits and backhaul carry the expected demand."""
    measured = any(row.limit for row in view.each_row("nat_sessions", NatSessions))
    for balance in _of_device(view, limits, _declared):
        found = _judged(balance)
        if found.status is Outcome.PASS and not (balance.kind == "nat" and measured):
            by_file = Message(found.message_id, found.params)
            declared = blind(found.subject, "checks:capacity.declared", venues=found.venues, found=by_file)
            found = declared.replace(services=found.services)
        yield found


@check(
    "capacity_supply",
    kind="quality",
    topic="traffic",
    roles=_SERVICES,
    needs=(),
    scope="fleet",
    applies=_carries(_lacking),
)
def capacity_supply(views: Sequence[DeviceView], _limits: NoLimits) -> Iterator[Finding]:
    """Every demand of capacity.yaml for addresses, NAT, portal, DNS and circuits has a supply."""
    for load in (load for view in views for load in view.device.loads if _lacking(load)):
        services = tuple(dict.fromkeys(one.service for one in load.demands))
        venues = dict.fromkeys(one.venue for one in load.demands)
        found = unknown(f"capacity.yaml {load.name}", "checks:capacity.no_supply", venues=venues)
        yield found.replace(services=services)


@check(
    "nat_sessions",
    kind="quality",
    topic="traffic",
    roles=("router", "service_host"),
    needs=("nat_sessions",),
    limits=NatSessionsLimits(),
    applies=_carries(_of_kind("nat")),
)
def nat_sessions(view: DeviceView, limits: NatSessionsLimits) -> Iterator[Finding]:
    """The table of sessions of a NAT has room for the crowd."""
    rows = view.each_row("nat_sessions", NatSessions)
    if not rows:
        yield missing("NAT", "checks:subject.missing")
    for row in rows:
        if row.percent is not None and not row.used:
            yield unknown("NAT", "checks:nat.idle")
        else:
            yield graded("NAT", "checks:nat.use", row.percent, limits, unit="%", used=row.used, count=row.limit)
