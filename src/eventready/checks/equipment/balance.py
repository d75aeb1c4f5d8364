"""Outcome of load balancing: shares of links, cells and radios between two readings.

The largest share is held against the mean. Too little traffic shows nothing, and is not measured.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from pydantic import Field

from eventready.checks.answer import blind, of_all, of_subject, passed, tidy, warned
from eventready.checks.check import DeviceView, Limits, check
from eventready.checks.finding import Finding
from eventready.facts.ports import port_key
from eventready.facts.records import ChannelRequests, Interface, LinkBundle, Radio, Route
from eventready.workspace.devices.device import Device

_MEGABIT = 1_000_000
#: Subject of the equal default routes.
_ROUTES = "default routes"


class SharesLimits(Limits):
    """Largest share against the mean."""

    most: float = Field(default=1.5, ge=1, description="Warning beyond this multiple of the mean share [D]")


class LinkSharesLimits(SharesLimits):
    """Shares of links, and the least traffic to judge."""

    least_mbps: float = Field(default=10, ge=0, description="Mbit/s of a group of links to be judged [D]")


class CellSharesLimits(SharesLimits):
    """Shares of cells, and the fewest requests to judge."""

    least_requests: int = Field(default=1000, ge=1, description="Channel requests of a group of cells to be judged [D]")


class RadioSharesLimits(SharesLimits):
    """Shares of radios, and the fewest clients to judge."""

    least_clients: int = Field(default=30, ge=1, description="Clients of an access point to be judged [D]")


def _balances(device: Device) -> bool:
    return "load_balancing" in device.intents


def _judged(subject: str, shares: Mapping[str, float], least: float, most: float, *, venue: str = "") -> Finding:
    total = sum(shares.values())
    if total < least:
        return blind(subject, "checks:balance.idle", venues=(venue,), value=tidy(total), limit=tidy(least))
    fullest = max(shares, key=lambda name: shares[name])
    value = shares[fullest] * len(shares) / total if total else 1.0
    return (passed if value <= most else warned)(
        subject, "checks:balance.share", venues=(venue,), value=tidy(value, 2), limit=tidy(most, 2), fullest=fullest,
        count=len(shares),
    )  # fmt: skip


@check(
    "balance_link",
    kind="care",
    topic="traffic",
    roles=("router", "switch"),
    needs=("interface",),
    limits=LinkSharesLimits(),
    applies=lambda device: _balances(device) and bool(device.expect.bundles or (device.expect.default_routes or 0) > 1),
    also_reads=("link_bundle", "default_route"),
    varies=True,
)
def balance_link(view: DeviceView, limits: LinkSharesLimits) -> Iterator[Finding]:
    """Members of bundles and equal default routes share the traffic."""
    before = {port_key(name): row for name, row in view.earlier("interface", Interface).items()}
    sent = {
        port_key(row.name): (row.out_bytes - earlier.out_bytes) * 8 / _MEGABIT / view.interval_s
        for row in view.each_row("interface", Interface)
        if (earlier := before.get(port_key(row.name))) and view.interval_s
        if row.out_bytes is not None and earlier.out_bytes is not None and row.out_bytes >= earlier.out_bytes
    }
    groups = {row.name: row.bundled for row in view.each_row("link_bundle", LinkBundle)}
    routes = (row for row in view.each_row("default_route", Route) if row.leads_out and row.interface)
    groups[_ROUTES] = tuple(dict.fromkeys(row.interface or "" for row in routes))
    shared = {name: members for name, members in groups.items() if len(members) > 1}
    for name, members in shared.items():
        if all(port_key(member) in sent for member in members):
            shares = {member: sent[port_key(member)] for member in members}
            found = _judged(name, shares, limits.least_mbps, limits.most)
            yield of_all(found) if name == _ROUTES else of_subject(found)
        else:
            yield of_subject(blind(name, "checks:balance.no_counters"), *members)
    if not shared:
        yield of_all(blind("links", "checks:balance.single"))


@check(
    "balance_cell",
    kind="care",
    topic="traffic",
    roles=("bts_controller",),
    needs=("channel_requests",),
    limits=CellSharesLimits(),
    applies=lambda device: _balances(device) and len(device.expect.cells) > 1,
    varies=True,
)
def balance_cell(view: DeviceView, limits: CellSharesLimits) -> Iterator[Finding]:
    """Cells of a venue share the channel requests."""
    before = view.earlier("channel_requests", ChannelRequests)
    rows = {row.cell.casefold(): row for row in view.each_row("channel_requests", ChannelRequests)}
    venues: dict[str, dict[str, float]] = {}
    for cell in view.device.expect.cells:
        row = rows.get(cell.name.casefold())
        earlier = before.get(row.subject) if row else None
        if row and earlier and row.total >= earlier.total:
            venues.setdefault(cell.venue or "", {})[cell.name] = row.total - earlier.total
    for venue, shares in venues.items():
        if len(shares) > 1:
            found = _judged(f"cells {venue}".strip(), shares, limits.least_requests, limits.most, venue=venue)
            yield of_subject(found, *(cell.name for cell in view.device.expect.cells if (cell.venue or "") == venue))
    if not any(len(shares) > 1 for shares in venues.values()):
        yield of_all(blind("cells", "checks:balance.no_counters"))


@check(
    "balance_radio",
    kind="care",
    topic="wifi",
    roles=("wifi_controller",),
    needs=("radio", "radio_24"),
    limits=RadioSharesLimits(),
    applies=lambda device: _balances(device) and bool(device.expect.access_points),
    varies=True,
)
def balance_radio(view: DeviceView, limits: RadioSharesLimits) -> Iterator[Finding]:
    """Radios in service of an access point share its clients."""
    clients: dict[str, Counter[str]] = {}
    for fact in ("radio", "radio_24"):
        for row in view.each_row(fact, Radio):
            if row.oper == "up" and row.clients is not None:
                clients.setdefault(row.ap.casefold(), Counter())[f"{row.band} GHz {row.slot}"] += row.clients
    shared = [
        (point, shares)
        for point in view.device.expect.access_points
        if len(shares := clients.get(point.name.casefold(), Counter())) > 1
    ]
    for point, shares in shared:
        if shares.total() >= limits.least_clients:
            found = _judged(point.name, shares, limits.least_clients, limits.most, venue=point.venue or "")
            yield of_subject(found)
    crowd = max((shares.total() for _point, shares in shared), default=None)
    if crowd is None:
        yield of_all(blind("radios", "checks:balance.no_counters"))
    elif crowd < limits.least_clients:
        yield of_all(passed("radios", "checks:balance.few", value=crowd, limit=limits.least_clients))
