"""Uplinks: state, errors and drops between two readings, and how full they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from pydantic import Field

from eventready.checks.answer import blind, failed, graded, passed, unknown, warned
from eventready.checks.check import Limits, Look, NoLimits, check
from eventready.checks.finding import Finding
from eventready.checks.ports import port_key
from eventready.facts.records import Interface, LinkBundle
from eventready.workspace.device import Device, Role

_ROLES: tuple[Role, ...] = ("router", "wifi_controller")
_MEGABYTE = 1_000_000
_HOUR_S = 3_600


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
    """Percent of a bundle's bandwidth that would be used with one member lost."""

    warn: float = Field(default=80, ge=0, description="Warning from this use with N-1 members on, %; QCVN 34:2019 [S2]")
    fail: float = Field(default=100, ge=0, description="Failure from this use with N-1 members on, % [D]")


def _has_uplinks(device: Device) -> bool:
    return bool(device.expect.uplinks)


def _ports(rows: Sequence[Interface]) -> dict[str, Interface]:
    return {port_key(row.name): row for row in rows}


def uplinks(look: Look) -> Iterator[tuple[str, Interface | None]]:
    """Each expected uplink with what the device tells of it; None where it does not list the port."""
    ports = _ports(look.rows("interface", Interface))
    for name in look.device.expect.uplinks:
        yield name, ports.get(port_key(name))


@check("uplink", roles=_ROLES, needs=("interface",), duties=("1.2a", "1.2b"), applies=_has_uplinks)
def uplink(look: Look, _limits: NoLimits) -> Iterator[Finding]:
    """Every uplink is there and up."""
    for name, row in uplinks(look):
        if row is None:
            yield failed(name, "{subject} is expected and not there")
        elif row.oper == "up":
            yield passed(name, "{subject} is up")
        elif row.admin == "down":
            yield failed(name, "{subject} is shut down in the configuration")
        else:
            yield failed(name, "{subject} is down")


@check(
    "interface_errors",
    roles=_ROLES,
    needs=("interface",),
    limits=ErrorLimits(),
    duties=("1.2a",),
    applies=_has_uplinks,
)
def interface_errors(look: Look, limits: ErrorLimits) -> Iterator[Finding]:
    """No uplink counts errors between the two readings."""
    if not _told_of(look, "in_errors", "crc_errors", "out_errors"):
        yield blind("errors", "This equipment does not count errors on its ports")
        return
    before = _ports(tuple(look.earlier("interface", Interface).values()))
    for name, row in uplinks(look):
        if row is not None:
            yield _errors(name, before.get(port_key(name)), row, limits)


def _errors(name: str, before: Interface | None, now: Interface, limits: ErrorLimits) -> Finding:
    if before is None:
        return unknown(name, "{subject} was read only once, and its counters mean something only as a difference")
    received = _grown(before, now, "in_errors", "crc_errors")
    sent = _grown(before, now, "out_errors")
    if received is None and sent is None:
        return unknown(name, "{subject}: the device gives no figure")
    count = (received or 0) + (sent or 0)
    if min(received or 0, sent or 0) < 0:
        return unknown(name, "{subject}: the counters were cleared between the readings")
    if count == 0:
        return passed(name, "{subject}: no new errors", value=0)
    volume = _volume(before, now)
    if volume > 0 and count * _MEGABYTE / volume > limits.fail:
        return failed(
            name,
            "{subject}: {value} new errors, more than {limit} per million bytes",
            value=count,
            limit=limits.fail,
        )
    return warned(name, "{subject}: {value} new errors", value=count)


_Counter = Literal["in_errors", "crc_errors", "out_errors", "in_drops", "out_drops", "in_bytes", "out_bytes"]


def _told_of(look: Look, *figures: str) -> bool:
    """True unless the device has ports and gives none of these figures for any of them: then its kind never does."""
    rows = look.rows("interface", Interface)
    return not rows or any(getattr(row, figure) is not None for row in rows for figure in figures)


def _grown(before: Interface, now: Interface, *counters: _Counter) -> int | None:
    """The largest growth among `counters` (one may contain the other); negative when one was cleared."""
    pairs: list[tuple[int | None, int | None]] = [(getattr(before, name), getattr(now, name)) for name in counters]
    grown = [later - earlier for earlier, later in pairs if earlier is not None and later is not None]
    if not grown:
        return None
    return min(grown) if min(grown) < 0 else max(grown)


def _volume(before: Interface, now: Interface) -> int:
    return max(_grown(before, now, "in_bytes") or 0, 0) + max(_grown(before, now, "out_bytes") or 0, 0)


@check(
    "interface_drops",
    roles=_ROLES,
    needs=("interface",),
    limits=DropLimits(),
    duties=("1.1c", "1.2a"),
    applies=_has_uplinks,
)
def interface_drops(look: Look, limits: DropLimits) -> Iterator[Finding]:
    """No uplink drops packets between the two readings."""
    if not _told_of(look, "in_drops", "out_drops"):
        yield blind("drops", "This equipment does not count dropped packets on its ports")
        return
    before = _ports(tuple(look.earlier("interface", Interface).values()))
    for name, row in uplinks(look):
        if row is not None:
            yield _drops(name, before.get(port_key(name)), row, limits, look.interval_s)


def _drops(name: str, before: Interface | None, now: Interface, limits: DropLimits, interval_s: float) -> Finding:
    if before is None:
        return unknown(name, "{subject} was read only once, and its counters mean something only as a difference")
    inwards, outwards = _grown(before, now, "in_drops"), _grown(before, now, "out_drops")
    if inwards is None and outwards is None:
        return unknown(name, "{subject}: the device gives no figure")
    if min(inwards or 0, outwards or 0) < 0:
        return unknown(name, "{subject}: the counters were cleared between the readings")
    count = (inwards or 0) + (outwards or 0)
    volume = _volume(before, now)
    if count and volume > 0 and count * _MEGABYTE / volume > limits.fail:
        return failed(
            name,
            "{subject}: {value} packets dropped, more than {limit} per million bytes",
            value=count,
            limit=limits.fail,
        )
    hours = max(interval_s, 1.0) / _HOUR_S
    if (inwards or 0) / hours > limits.input_per_hour or (outwards or 0) / hours > limits.output_per_hour:
        return warned(name, "{subject}: {value} packets dropped", value=count)
    return passed(name, "{subject}: hardly any packet dropped", value=count)


@check(
    "utilisation",
    roles=_ROLES,
    needs=("interface",),
    limits=UtilisationLimits(),
    duties=("1.1c", "1.2b"),
    applies=_has_uplinks,
)
def utilisation(look: Look, limits: UtilisationLimits) -> Iterator[Finding]:
    """Every uplink has room in both directions."""
    if not _told_of(look, "in_bps", "in_percent"):
        yield blind("rates", "This equipment does not tell the traffic on its ports")
        return
    for name, row in uplinks(look):
        if row is None:
            continue
        percent = busiest(row)
        if percent is None:
            yield unknown(name, "{subject}: the device gives no figure")
            continue
        yield graded(
            name,
            "{subject} {value}% used in its busier direction (limit {limit}%)",
            percent,
            warn=limits.warn,
            fail=limits.fail,
            unit="%",
        )


def busiest(row: Interface) -> float | None:
    """Percent used in the busier direction; None unless the device tells both."""
    directions = (
        _percent(row.in_percent, row.in_bps, row.bandwidth_bps),
        _percent(row.out_percent, row.out_bps, row.bandwidth_bps),
    )
    told = [percent for percent in directions if percent is not None]
    return max(told) if len(told) == len(directions) else None


def _percent(percent: float | None, rate: int | None, bandwidth: int | None) -> float | None:
    if percent is not None:
        return percent
    return 100.0 * rate / bandwidth if rate is not None and bandwidth else None


@check(
    "bundle_headroom",
    roles=("router",),
    needs=("interface", "link_bundle"),
    limits=HeadroomLimits(),
    duties=("1.1c", "1.2c"),
    applies=lambda device: bool(device.expect.bundles),
)
def bundle_headroom(look: Look, limits: HeadroomLimits) -> Iterator[Finding]:
    """A bundle that loses one member can still carry its traffic."""
    ports = _ports(look.rows("interface", Interface))
    bundles = {port_key(row.name): row for row in look.rows("link_bundle", LinkBundle)}
    for expected in look.device.expect.bundles:
        bundle, port = bundles.get(port_key(expected.name)), ports.get(port_key(expected.name))
        if bundle is None:
            continue
        percent = busiest(port) if port is not None else None
        links = len(bundle.bundled)
        if percent is None:
            yield unknown(expected.name, "{subject}: the device gives no figure")
        elif links < 2:
            yield failed(
                expected.name, "{subject}: members in use {count}, so that losing one leaves nothing", count=links
            )
        else:
            yield graded(
                expected.name,
                "{subject} would be {value}% used with one member fewer than its {count} (limit {limit}%)",
                percent * links / (links - 1),
                warn=limits.warn,
                fail=limits.fail,
                unit="%",
                count=links,
            )
