"""Uplinks: state, errors and drops between two readings, and how full they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Literal

from pydantic import Field

from eventready.checks.answer import blind, failed, graded, missing, not_read, of_all, passed, unknown, warned
from eventready.checks.check import DeviceView, Limits, NoLimits, check, expects
from eventready.checks.finding import Finding
from eventready.facts.ports import port_key
from eventready.facts.records import Interface, LinkBundle
from eventready.facts.rows import FoundSubject
from eventready.workspace.devices.device import Role
from eventready.workspace.devices.expect import ExpectedBundle

_ROLES: tuple[Role, ...] = ("router", "switch", "wifi_controller")
_MEGABYTE = 1_000_000
_HOUR_S = 3_600
_WRAP = 1 << 32
#: Figures of the use of a port.
_LOAD = ("in_bps", "out_bps", "in_percent", "out_percent", "bandwidth_bps")


class ErrorLimits(Limits):
    """Errors per million bytes, counted between the two readings."""

    fail: float = Field(
        default=1, gt=0, description="Any error is a warning, more than this per million bytes a failure [S49]"
    )


class DropLimits(Limits):
    """Packets dropped in a queue, counted between the two readings."""

    input_per_hour: float = Field(default=50, ge=0, description="Warning beyond this many per hour inwards [S49]")
    output_per_hour: float = Field(default=100, ge=0, description="Warning beyond this many per hour outwards [S49]")
    fail: float = Field(
        default=1, gt=0, description="Failure beyond this many per million bytes: 0.1% of packets of 1,000 bytes [D]"
    )


class UtilisationLimits(Limits):
    """Percent of a port's bandwidth, in the busier direction."""

    warn: float = Field(default=60, ge=0, le=100, description="Warning from this use on, % [K]")
    fail: float = Field(default=80, ge=0, le=100, description="Failure from this use on, %; QCVN 34:2019 [S2]")


class HeadroomLimits(Limits):
    """Load of a bundle after the loss of a member, in percent of the remaining bandwidth."""

    warn: float = Field(default=80, ge=0, description="Warning from this use with N-1 members on, %; QCVN 34:2019 [S2]")
    fail: float = Field(default=100, ge=0, description="Failure from this use with N-1 members on, % [D]")


_uplink_check = partial(check, roles=_ROLES, needs=("interface",), applies=expects("uplinks"), expected_only=True)


def _ports(rows: Sequence[Interface]) -> dict[str, Interface]:
    return {port_key(row.name): row for row in rows}


def uplinks(view: DeviceView) -> Iterator[tuple[str, FoundSubject[Interface]]]:
    """Expected uplinks with their interface rows, and unread records of a possible match."""
    ports, names = view.fact("interface", Interface), view.device.expect.uplinks
    for name in names:
        yield name, ports.for_subject(name, names)


@_uplink_check("uplink", kind="state", rests_on=("admin", "oper"))
def uplink(view: DeviceView, _limits: NoLimits) -> Iterator[Finding]:
    """Every uplink is there and up."""
    for name, found in uplinks(view):
        row = found.row
        if row is None:
            yield (
                not_read(name, found.unread_records) if found.unread_records else failed(name, "checks:subject.missing")
            )
        elif row.oper == "up":
            yield passed(name, "checks:subject.up")
        elif row.admin == "down":
            yield failed(name, "checks:uplink.shut_down")
        else:
            yield failed(name, "checks:subject.down")


def _of_uplinks(view: DeviceView, of_row: Callable[[str, Interface], Finding]) -> Iterator[Finding]:
    """Findings of the uplinks of the device, those with an unread record included; `uplink` names absent ones."""
    for name, found in uplinks(view):
        if found.row is not None:
            yield of_row(name, found.row)
        elif found.unread_records:
            yield not_read(name, found.unread_records)


@_uplink_check(
    "interface_errors", kind="quality", limits=ErrorLimits(), rests_on=("in_errors", "crc_errors", "out_errors")
)
def interface_errors(view: DeviceView, limits: ErrorLimits) -> Iterator[Finding]:
    """No uplink counts errors between the two readings."""
    if not _reports_any(view, "in_errors", "crc_errors", "out_errors"):
        yield of_all(blind("errors", "checks:errors.unsupported"))
        return
    both = _reports_any(view, "in_errors", "crc_errors") and _reports_any(view, "out_errors")
    one_way = unknown if both else blind
    before = _ports(tuple(view.earlier("interface", Interface).values()))
    yield from _of_uplinks(view, lambda name, row: _errors(name, before.get(port_key(name)), row, limits, one_way))


def _errors(
    name: str, before: Interface | None, now: Interface, limits: ErrorLimits, one_way: Callable[..., Finding]
) -> Finding:
    if before is None:
        return unknown(name, "checks:subject.read_once")
    received = _grown(before, now, "in_errors", "crc_errors")
    sent = _grown(before, now, "out_errors")
    if received is None and sent is None:
        return unknown(name, "checks:subject.no_figure")
    count = (received or 0) + (sent or 0)
    if min(received or 0, sent or 0) < 0 or _restarted(before, now):
        return unknown(name, "checks:subject.counters_cleared")
    if count == 0:
        whole = received is not None and sent is not None
        return passed(name, "checks:errors.none", value=0) if whole else one_way(name, "checks:errors.one_direction")
    volume = _volume(before, now)
    if volume > 0 and count * _MEGABYTE / volume > limits.fail:
        return failed(name, "checks:errors.many", value=count, limit=limits.fail)
    return warned(name, "checks:errors.some", value=count)


_Counter = Literal["in_errors", "crc_errors", "out_errors", "in_drops", "out_drops", "in_bytes", "out_bytes"]


def _reports_any(view: DeviceView, *figures: str) -> bool:
    """True unless the device has ports and gives none of these figures for any of them: then its kind never does."""
    rows = view.each_row("interface", Interface)
    return not rows or any(getattr(row, figure) is not None for row in rows for figure in figures)


def _grown(before: Interface, now: Interface, *counters: _Counter) -> int | None:
    """Largest growth among `counters`, which may include each other; negative for a cleared counter."""
    pairs: list[tuple[int | None, int | None]] = [(getattr(before, name), getattr(now, name)) for name in counters]
    grown = [later - earlier for earlier, later in pairs if earlier is not None and later is not None]
    if not grown:
        return None
    return min(grown) if min(grown) < 0 else max(grown)


def _restarted(before: Interface, now: Interface) -> bool:
    """True where octets fell from beyond 32 bits: cleared, or the device restarted; 32 bits wrap by themselves."""
    octets = ((before.in_bytes, now.in_bytes), (before.out_bytes, now.out_bytes))
    return any(later is not None and (earlier or 0) > max(later, _WRAP) for earlier, later in octets)


def _volume(before: Interface, now: Interface) -> int:
    return max(_grown(before, now, "in_bytes") or 0, 0) + max(_grown(before, now, "out_bytes") or 0, 0)


@_uplink_check(
    "interface_drops", kind="quality", topic="traffic", limits=DropLimits(), rests_on=("in_drops", "out_drops")
)
def interface_drops(view: DeviceView, limits: DropLimits) -> Iterator[Finding]:
    """No uplink drops packets between the two readings."""
    if not _reports_any(view, "in_drops", "out_drops"):
        yield of_all(blind("drops", "checks:drops.unsupported"))
        return
    one_way = unknown if _reports_any(view, "in_drops") and _reports_any(view, "out_drops") else blind
    before = _ports(tuple(view.earlier("interface", Interface).values()))
    yield from _of_uplinks(
        view,
        lambda name, row: _drops(
            name, before.get(port_key(name)), row, limits, interval_s=view.interval_s, one_way=one_way
        ),
    )


def _drops(
    name: str,
    before: Interface | None,
    now: Interface,
    limits: DropLimits,
    *,
    interval_s: float,
    one_way: Callable[..., Finding],
) -> Finding:
    if before is None:
        return unknown(name, "checks:subject.read_once")
    inwards, outwards = _grown(before, now, "in_drops"), _grown(before, now, "out_drops")
    if inwards is None and outwards is None:
        return unknown(name, "checks:subject.no_figure")
    if min(inwards or 0, outwards or 0) < 0 or _restarted(before, now):
        return unknown(name, "checks:subject.counters_cleared")
    count = (inwards or 0) + (outwards or 0)
    volume = _volume(before, now)
    if count and volume > 0 and count * _MEGABYTE / volume > limits.fail:
        return failed(name, "checks:drops.many", value=count, limit=limits.fail)
    hours = max(interval_s, 1.0) / _HOUR_S
    if (inwards or 0) / hours > limits.input_per_hour or (outwards or 0) / hours > limits.output_per_hour:
        return warned(name, "checks:drops.some", value=count)
    whole = inwards is not None and outwards is not None
    return passed(name, "checks:drops.few", value=count) if whole else one_way(name, "checks:drops.one_direction")


@_uplink_check("utilisation", kind="quality", topic="traffic", limits=UtilisationLimits(), rests_on=_LOAD)
def utilisation(view: DeviceView, limits: UtilisationLimits) -> Iterator[Finding]:
    """Every uplink has room in both directions."""
    if not _reports_any(view, "in_bps", "in_percent"):
        yield of_all(blind("rates", "checks:utilisation.unsupported"))
        return
    yield from _of_uplinks(view, partial(_utilisation, limits))


def _utilisation(limits: UtilisationLimits, name: str, row: Interface) -> Finding:
    return graded(name, "checks:utilisation.load", busiest(row), limits, unit="%")


def busiest(row: Interface) -> float | None:
    """Percent used in the busier direction; None unless the device tells both."""
    directions = (
        _percent(row.in_percent, row.in_bps, row.bandwidth_bps),
        _percent(row.out_percent, row.out_bps, row.bandwidth_bps),
    )
    known = [percent for percent in directions if percent is not None]
    return max(known) if len(known) == len(directions) else None


def _percent(percent: float | None, rate: int | None, bandwidth: int | None) -> float | None:
    if percent is not None:
        return percent
    return 100.0 * rate / bandwidth if rate is not None and bandwidth else None


@check(
    "bundle_headroom",
    kind="quality",
    topic="traffic",
    roles=("router", "switch"),
    needs=("interface", "link_bundle"),
    limits=HeadroomLimits(),
    applies=expects("bundles"),
    expected_only=True,
    rests_on=_LOAD,
)
def bundle_headroom(view: DeviceView, limits: HeadroomLimits) -> Iterator[Finding]:
    """A bundle carries its traffic after the loss of a member."""
    ports, bundles = view.fact("interface", Interface), view.fact("link_bundle", LinkBundle)
    names = [expected.name for expected in view.device.expect.bundles]
    for expected in view.device.expect.bundles:
        bundle, port = bundles.for_subject(expected.name, names), ports.for_subject(expected.name, names)
        if bundle.absent:
            continue
        percent = busiest(port.row) if port.row is not None else None
        links = len(bundle.row.bundled) if bundle.row is not None else 0
        if bundle.row is None or (port.row is None and port.unread_records):
            yield not_read(expected.name, (*bundle.unread_records, *port.unread_records))
        elif percent is not None and links < 2:
            yield failed(expected.name, "checks:bundle.single_member", count=links)
        else:
            without_one = percent and percent * links / (links - 1)
            yield graded(expected.name, "checks:bundle.load_without_one", without_one, limits, unit="%", count=links)


@check(
    "bundle",
    kind="state",
    topic="backup",
    roles=("router", "switch"),
    needs=("link_bundle",),
    applies=expects("bundles"),
    expected_only=True,
)
def bundle(view: DeviceView, _limits: NoLimits) -> Iterator[Finding]:
    """Every bundle is up with all its members."""
    rows = {port_key(row.name): row for row in view.each_row("link_bundle", LinkBundle)}
    for expected in view.device.expect.bundles:
        yield _bundle(expected, rows.get(port_key(expected.name)))


def _bundle(expected: ExpectedBundle, row: LinkBundle | None) -> Finding:
    name = expected.name
    if row is None:
        return missing(name, "checks:subject.missing")
    in_use = len(row.bundled)
    least = max(expected.min_links, row.min_links or 1)
    if row.oper != "up":
        return failed(name, "checks:subject.down")
    if in_use < least:
        return failed(name, "checks:bundle.members_minimum", value=in_use, limit=least)
    if in_use < expected.members:
        return warned(name, "checks:bundle.members_expected", value=in_use, limit=expected.members)
    return passed(name, "checks:bundle.members_all", value=in_use)
