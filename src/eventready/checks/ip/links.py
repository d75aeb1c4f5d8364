"""Cables of the inventory and the light in their optics: state, MTU, speed and duplex, neighbours, received power."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pydantic import Field

from eventready.checks.answer import answered, at, blind, failed, of_absence, of_subject, passed, tidy, unknown, warned
from eventready.checks.check import DeviceView, Limits, NoLimits, check, expects
from eventready.checks.finding import Finding, Outcome
from eventready.facts.ports import optic_key, port_key
from eventready.facts.records import Interface, LinkBundle, Neighbour, Optic, System
from eventready.workspace.devices.device import Device, Role

_ROLES: tuple[Role, ...] = ("router", "switch", "wifi_controller")
_MEGABIT = 1_000_000
#: Bytes of no VLAN tag, one and two.
_TAGS = (0, 4, 8)
End = tuple[str, str]


def _cables(devices: Sequence[Device]) -> dict[tuple[End, End], tuple[End, End]]:
    """Cables by canonical ends, with the ends as written; both declarations of a cable give a single entry."""
    cables: dict[tuple[End, End], tuple[End, End]] = {}
    for device in devices:
        for link in device.expect.links:
            near, far = (device.name, link.port), (link.device, link.to_port)
            one, other = sorted(((name, port_key(port)), (name, port)) for name, port in (near, far))
            cables.setdefault((one[0], other[0]), (one[1], other[1]))
    return cables


def _ends(devices: Sequence[Device]) -> set[str]:
    return {name for ends in _cables(devices) for name, _port in ends}


@check(  # `system`: of both ends, for `link_neighbour`, which concerns the end with the declaration alone
    "link", kind="state", roles=_ROLES, needs=("interface",), scope="fleet", concerns=_ends,
    also_reads=("link_bundle", "system"), expected_only=True,
)  # fmt: skip
def link(views: Sequence[DeviceView], _limits: NoLimits) -> Iterator[Finding]:
    """Both ends of every declared link are up, with the same speed and MTU."""
    by_name = {view.device.name: view for view in views}
    for one, other in _cables([view.device for view in views]).values():
        known = [by_name[name].device for name, _port in (one, other) if name in by_name]
        for finding in _link(one, other, by_name):
            yield at(finding, known)


def _link(one: End, other: End, by_name: dict[str, DeviceView]) -> Iterator[Finding]:
    subject = f"{one[0]} {one[1]} - {other[0]} {other[1]}"
    rows: list[Interface] = []
    unread: list[str] = []
    unsupported: list[str] = []
    absent: list[str] = []
    for name, port in (one, other):
        view = by_name.get(name)
        if view is None:
            absent.append(name)
        elif not view.measured("interface"):
            (unsupported if "interface" in view.unsupported else unread).append(name)
        else:
            found = view.fact("interface", Interface).for_subject(port, [one.port for one in view.device.expect.links])
            if found.absent:
                yield failed(subject, "checks:link.no_port", device=name, port=port)
                return
            if found.row is None:
                unread.append(name)
            elif found.row.oper != "up":
                yield failed(subject, "checks:link.down", device=name)
                return
            else:
                rows.append(found.row)
    if unread:
        yield unknown(subject, "checks:subject.unread_elsewhere", unread=", ".join(unread))
    elif unsupported:
        yield blind(subject, "checks:subject.unsupported_elsewhere", unsupported=", ".join(unsupported))
    elif absent:
        yield blind(subject, "checks:link.not_audited", absent=", ".join(absent))
    else:
        yield _alike(subject, rows[0], rows[1])
        yield from _mtu(f"{subject} MTU", rows, [by_name[name] for name, _port in (one, other)])


def _with_mtu(row: Interface, view: DeviceView) -> Interface:
    """Port with the MTU of its bundle: VRP reports none of a member."""
    bundles = {
        port_key(bundle.name)
        for bundle in view.each_row("link_bundle", LinkBundle)
        if port_key(row.name) in map(port_key, (*bundle.members, *bundle.bundled))
    }
    whole = next((other for other in view.each_row("interface", Interface) if port_key(other.name) in bundles), row)
    return row.model_copy(update={"mtu": whole.mtu, "mtu_header": whole.mtu_header})


def _alike(subject: str, one: Interface, other: Interface) -> Finding:
    if one.bandwidth_bps and other.bandwidth_bps and one.bandwidth_bps != other.bandwidth_bps:
        near, far = (tidy(row.bandwidth_bps / _MEGABIT) for row in (one, other) if row.bandwidth_bps)
        return warned(subject, "checks:link.speed", one=near, other=far)
    return passed(subject, "checks:link.up")


def _mtu(subject: str, rows: Sequence[Interface], views: Sequence[DeviceView]) -> Iterator[Finding]:
    """Compare the MTUs of both ends; a cable without any is a blind spot."""
    one, other = (row if row.mtu else _with_mtu(row, view) for row, view in zip(rows, views, strict=True))
    found = _unlike(subject, one, other)
    if found:
        yield found if rows[0].mtu and rows[1].mtu else of_subject(found, *(row.name for row in rows))


def _unlike(subject: str, one: Interface, other: Interface) -> Finding | None:
    if not one.mtu or not other.mtu:
        return None if one.mtu or other.mtu else blind(subject, "checks:link.no_mtu")
    if (one.mtu_header or 0) == (other.mtu_header or 0):
        return None if one.mtu == other.mtu else failed(subject, "checks:link.mtu", one=one.mtu, other=other.mtu)
    if _payloads(one) & _payloads(other):
        return None
    near, far = one.mtu - (one.mtu_header or 0), other.mtu - (other.mtu_header or 0)
    return failed(subject, "checks:link.mtu_payload", one=near, other=far)


def _payloads(row: Interface) -> set[int]:
    """Return the possible payloads of an MTU: with the header, VLAN tags are counted too."""
    mtu, header = row.mtu or 0, row.mtu_header
    return {mtu - header - tags for tags in _TAGS} if header else {mtu}


@check(
    "link_neighbour",
    kind="care",
    roles=_ROLES,
    needs=("neighbour",),
    scope="fleet",
    applies=expects("links"),
    also_reads=("system",),
    expected_only=True,
)
def link_neighbour(views: Sequence[DeviceView], _limits: NoLimits) -> Iterator[Finding]:
    """The declared device answers at the far end of every declared link."""
    by_name = {view.device.name: view for view in views}
    names = {name: _own_names(view) for name, view in by_name.items()}
    known = set[str]().union(*names.values())
    nameless = {name for name, view in by_name.items() if not view.measured("system")}
    for view in views:
        if not view.measured("neighbour"):
            continue
        heard: dict[str, list[Neighbour]] = {}
        for row in view.each_row("neighbour", Neighbour):
            heard.setdefault(port_key(row.interface), []).append(row)
        for declared in view.device.expect.links:
            rows = heard.get(port_key(declared.port), [])
            accepted = names.get(declared.device, {declared.device.casefold()})
            ends = [by_name[name].device for name in (view.device.name, declared.device) if name in by_name]
            found = _heard(declared.port, rows, declared.device, declared.to_port, accepted)
            if declared.device in nameless and rows and not any(_is_one_of(row.device, known) for row in rows):
                found = unknown(declared.port, "checks:subject.unread_elsewhere", unread=declared.device)
            yield at(found, ends)


def _own_names(view: DeviceView) -> set[str]:
    names = {view.device.name, *(row.hostname for row in view.each_row("system", System) if row.hostname)}
    return {name.casefold().split(".")[0] for name in names}


def _is_one_of(heard: str, accepted: set[str]) -> bool:
    """Return True for an accepted name or its beginning: SR OS cuts long names off with a star."""
    name = heard.casefold().split(".")[0]
    return name in accepted or (name.endswith("*") and any(known.startswith(name[:-1]) for known in accepted))


def _heard(port: str, rows: list[Neighbour], device: str, to_port: str, accepted: set[str]) -> Finding:
    right = [row for row in rows if _is_one_of(row.device, accepted)]
    if not rows:
        return of_absence(warned(port, "checks:neighbour.none", wanted=device))
    if not right:
        return of_subject(failed(port, "checks:neighbour.other", heard=rows[0].device, wanted=device))
    ports = [row.port for row in right if row.port and not row.port.endswith("*")]
    if ports and port_key(to_port) not in {port_key(name) for name in ports}:
        return of_subject(failed(port, "checks:neighbour.other_port", heard=ports[0], wanted=device, port=to_port))
    return passed(port, "checks:neighbour.ok", wanted=device)


class OpticLimits(Limits):
    """Received light in dBm, held against the module's own thresholds."""

    margin_db: float = Field(default=2, ge=0, description="Warning within this distance of an alarm threshold, dB [K]")
    drift_db: float = Field(default=3, gt=0, description="Warning beyond this change against the baseline, dB [K]")
    rx_low_alarm: float = Field(
        default=-19, ge=-40, description="Low alarm where the module tells none, dBm; SFP LX [K]"
    )
    dark: float = Field(default=-40, ge=-40, description="At or below this no light arrives, dBm [K]")


def _judged_ports(device: Device) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*device.expect.uplinks, *(link.port for link in device.expect.links))))


@check(
    "optic",
    kind="quality",
    roles=("router", "switch"),
    needs=("optic",),
    limits=OpticLimits(),
    applies=expects("uplinks"),
)
def optic(view: DeviceView, limits: OpticLimits) -> Iterator[Finding]:
    """Every optical uplink and link receives light well within its thresholds."""
    lanes: dict[str, list[Optic]] = {}
    for row in view.each_row("optic", Optic):
        lanes.setdefault(port_key(row.interface), []).append(row)
    baseline = view.baselined("optic", Optic)
    for port in _judged_ports(view.device):
        rows = lanes.get(port_key(port)) or lanes.get(optic_key(port), [])
        if not rows and port in view.device.expect.uplinks:
            yield of_absence(blind(port, "checks:optic.unsupported"))
        for row in rows:
            yield _light(f"{port} {row.lane}" if row.lane else port, row, baseline.get(row.subject), limits)


def _light(subject: str, row: Optic, earlier: Optic | None, limits: OpticLimits) -> Finding:
    if row.rx_dbm is None:
        return unknown(subject, "checks:subject.no_figure")
    rx = row.rx_dbm
    low = limits.rx_low_alarm if row.rx_low_alarm is None else row.rx_low_alarm
    if rx <= limits.dark:
        return failed(subject, "checks:optic.no_light", value=tidy(rx), limit=tidy(low), unit="dBm")
    alarms = [low] if row.rx_high_alarm is None else [low, row.rx_high_alarm]
    nearest = min(alarms, key=lambda alarm: abs(rx - alarm))
    if rx <= low or rx >= max(alarms) > low:
        return _received(Outcome.FAIL, subject, rx, nearest)
    if abs(rx - nearest) < limits.margin_db:
        return _received(Outcome.WARN, subject, rx, nearest)
    if earlier is not None and earlier.rx_dbm is not None and abs(rx - earlier.rx_dbm) > limits.drift_db:
        before, drift = tidy(earlier.rx_dbm), tidy(limits.drift_db)
        return warned(subject, "checks:optic.changed", value=tidy(rx), earlier=before, limit=drift, unit="dBm")
    return passed(subject, "checks:optic.power", value=tidy(rx))


def _received(status: Outcome, subject: str, rx: float, limit: float) -> Finding:
    return answered(status, subject, "checks:optic.alarm", value=tidy(rx), limit=tidy(limit), unit="dBm")
