"""Declared crowds in the windows of the event: access points, cells and venues without anybody.

No earlier audit is needed: in a window of kind `event` people are known to be there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydantic import Field

from eventready.checks.answer import blind, failed, of_all, of_subject, passed, tidy, unknown
from eventready.checks.check import DeviceView, EarlierReading, Limits, check, expects
from eventready.checks.finding import Finding, Outcome
from eventready.facts.records import AccessPoint, ChannelLoad, ChannelRequests, Fact, RadioLoad
from eventready.facts.rows import FactRows, rows_of
from eventready.network.capacity.case import CapacityTargets, DemandFigures, LoadCase
from eventready.workspace.devices.capacity import Load, LoadKind
from eventready.workspace.devices.device import Device, EventWindow

#: Facts with the clients of radios.
CLIENT_FACTS = ("radio_load", "radio_load_24")
#: Seconds within which clients are lost at once.
DROP_WINDOW_S = 300.0


class AccessPointCrowdLimits(Limits):
    """Declared clients beside which none is a failure."""

    clients: int = Field(default=5, ge=1, description="Failure without any of so many clients of an access point [D]")
    venue: int = Field(default=20, ge=1, description="Failure without any of so many clients of a venue [D]")


class CellCrowdLimits(Limits):
    """Declared users beside which no call and no request is a failure."""

    users: int = Field(default=150, ge=1, description="Failure without a call or request of so many users [D]")


class ClientDropLimits(Limits):
    """Clients of the access points of a venue before and after a drop within five minutes."""

    clients: int = Field(default=20, ge=1, description="Least number of clients before [D]")
    left: float = Field(default=10, ge=0, le=100, description="Failure with so many percent of them left [D]")


@dataclass(frozen=True)
class _Place:
    """Access point or cell with the users expected now; `own`: declared for this place, not shared by a venue."""

    load: Load
    venue: str
    expected: float
    own: bool

    @property
    def key(self) -> str:
        """Name as facts are compared."""
        return self.load.name.casefold()


def _crowd(kind: LoadKind) -> Callable[[Device], bool]:
    return lambda device: any(load.kind == kind for load in device.loads)


def _open_windows(view: DeviceView) -> list[EventWindow]:
    moment = view.moment
    venues = view.device.venues
    return [
        one for one in view.device.event_windows if moment is not None and one.contains(moment) and one.touches(venues)
    ]


def _places(view: DeviceView, kind: LoadKind) -> list[_Place]:
    """Places with a declared crowd in a window open now, each in the window with most users."""
    windows = _open_windows(view)
    figures: dict[int, DemandFigures] = {}
    found: dict[str, _Place] = {}
    for load in view.device.loads:
        for demand in load.demands if load.kind == kind else ():
            here = (window for window in windows if window.touches((demand.venue,)))
            if any(demand.window in {"hosts.yaml", *window.names} for window in here):
                place = _place(view, load, figures.setdefault(id(demand), DemandFigures(demand)))
                found[load.name] = max(found.get(load.name, place), place, key=lambda one: one.expected)
    return list(found.values())


def _place(view: DeviceView, load: Load, figures: DemandFigures) -> _Place:
    case = LoadCase(load, (figures,), view.facts, CapacityTargets())
    everybody = figures.clients if load.kind == "access_point" else figures.subscribers
    own = load.name in figures.demand.places
    return _Place(load, figures.demand.venue, case.users(everybody, "users").value, own)


@check(
    "access_point_crowd",
    kind="quality",
    topic="wifi",
    roles=("wifi_controller",),
    needs=("access_point", *CLIENT_FACTS),
    limits=AccessPointCrowdLimits(),
    applies=_crowd("access_point"),
)
def access_point_crowd(view: DeviceView, limits: AccessPointCrowdLimits) -> Iterator[Finding]:
    """Access points and venues with declared clients have some in the windows of the event."""
    places = _places(view, "access_point")
    if not places:
        yield passed("clients", "checks:crowd.no_window")
        return
    clients = _clients(view)
    joined = [place for place in places if place.key in clients]
    known = {place.key: count for place in joined if (count := clients[place.key]) is not None}
    if joined and not known:
        yield blind("clients", "checks:radio.clients_unsupported")
    for place in joined if known else ():
        if place.key not in known:
            yield unknown(place.load.name, "checks:subject.no_figure", venues=(place.venue,))
        elif place.own:
            yield _of(_people(place.load.name, place.venue, known[place.key], place.expected, limits.clients), place)
    for venue, here in _by_venue(places).items():
        counted = [place for place in here if place.key in known]
        if counted:
            clients_there, expected = sum(known[one.key] for one in counted), sum(one.expected for one in counted)
            yield _of(_people(venue, venue, clients_there, expected, limits.venue), *here)
        elif not any(place in joined for place in here):
            yield _of(failed(venue, "checks:crowd.no_point", venues=(venue,)), *here)


def _of(finding: Finding, *places: _Place) -> Finding:
    """Let a failure rest on all records of its places; a count above 0 stands by its own record."""
    return finding if finding.status is Outcome.PASS else of_subject(finding, *(place.load.name for place in places))


def _by_venue(places: Sequence[_Place]) -> Mapping[str, list[_Place]]:
    found: dict[str, list[_Place]] = {}
    for place in places:
        found.setdefault(place.venue, []).append(place)
    return found


def _people(subject: str, venue: str, count: int, expected: float, least: int) -> Finding:
    limit = tidy(expected, 0)
    if count or limit < least:
        return passed(subject, "checks:crowd.clients", venues=(venue,), value=count, limit=limit)
    return failed(subject, "checks:crowd.no_client", venues=(venue,), value=count, limit=limit)


def _clients(view: DeviceView) -> dict[str, int | None]:
    """Clients of each access point in service, by itself or by its radios; None without a figure."""
    found = {
        row.name.casefold(): row.clients for row in view.each_row("access_point", AccessPoint) if row.state == "up"
    }
    radios: dict[str, list[int | None]] = {}
    for row in (row for fact in CLIENT_FACTS for row in view.each_row(fact, RadioLoad)):
        radios.setdefault(row.ap.casefold(), []).append(row.clients)
    return {key: _most(own, radios.get(key, ())) for key, own in found.items()}


def _most(own: int | None, radios: Collection[int | None]) -> int | None:
    """Return the clients by the access point or by its radios; none among some of the radios is no figure."""
    counted = sum(filter(None, radios))
    whole = counted if radios and (counted or None not in radios) else None
    return max((count for count in (own, whole) if count is not None), default=None)


@check(
    "cell_crowd",
    kind="quality",
    topic="traffic",
    roles=("bts_controller",),
    needs=("channel_load", "channel_requests"),
    limits=CellCrowdLimits(),
    applies=_crowd("cell"),
)
def cell_crowd(view: DeviceView, limits: CellCrowdLimits) -> Iterator[Finding]:
    """Cells and venues with declared users have calls or requests in the windows of the event."""
    places = _places(view, "cell")
    if not places:
        yield passed("calls", "checks:crowd.no_window")
        return
    uses = _uses(view)
    for place in places:
        if (used := uses.get(place.key)) is None:
            yield unknown(place.load.name, "checks:crowd.no_calls_read", venues=(place.venue,))
        elif place.own:
            yield _of(_calls(place.load.name, place.venue, used, place.expected, limits.users), place)
    for venue, here in _by_venue(places).items():
        known = [(used, place.expected) for place in here if (used := uses.get(place.key)) is not None]
        if known:
            channels, requests = (sum(used[part] for used, _expected in known) for part in (0, 1))
            expected = sum(users for _used, users in known)
            yield _of(_calls(venue, venue, (channels, requests), expected, limits.users), *here)


def _uses(view: DeviceView) -> dict[str, tuple[int, int]]:
    """Channels in use and requests between the two readings, by cell, where both are known."""
    channels = Counter[str]()
    for row in view.each_row("channel_load", ChannelLoad):
        channels[row.cell.casefold()] += row.used
    before = {row.cell.casefold(): row.total for row in view.earlier("channel_requests", ChannelRequests).values()}
    requests = {
        key: row.total - before[key]
        for row in view.each_row("channel_requests", ChannelRequests)
        if (key := row.cell.casefold()) in before and row.total >= before[key]
    }
    return {cell: (channels[cell], requests[cell]) for cell in channels.keys() & requests.keys()}


def _calls(subject: str, venue: str, used: tuple[int, int], expected: float, least: int) -> Finding:
    limit = tidy(expected, 0)
    if any(used) or limit < least:
        return passed(subject, "checks:crowd.calls", venues=(venue,), value=used[0], requests=used[1], limit=limit)
    return failed(subject, "checks:crowd.no_call", venues=(venue,), value=0, limit=limit)


@check(
    "access_point_drop",
    kind="quality",
    topic="wifi",
    roles=("wifi_controller",),
    needs=CLIENT_FACTS,
    limits=ClientDropLimits(),
    applies=expects("access_points"),
)
def access_point_drop(view: DeviceView, limits: ClientDropLimits) -> Iterator[Finding]:
    """No venue loses the clients of all its access points at once in a window of the event."""
    if not _open_windows(view):
        yield passed("clients", "checks:crowd.no_window")
        return
    earlier = list(_earlier(view))
    now = clients_by_venue(view.device, view.now, {venue for clients in earlier for venue in clients})
    for venue, count in now.items():
        subject, venues = venue or "access points", (venue or None,)
        before = max((clients[venue] for clients in earlier if venue in clients), default=None)
        if before is None:
            # A watch keeps no reading with unread records to compare with.
            yield of_all(passed(subject, "checks:crowd.no_earlier", venues=venues, value=count))
        elif before >= limits.clients and 100 * count <= limits.left * before:
            yield of_all(failed(subject, "checks:crowd.dropped", venues=venues, value=count, before=before))
        else:
            yield passed(subject, "checks:crowd.kept", venues=venues, value=count, before=before)
    if not now:
        yield blind("clients", "checks:radio.clients_unsupported")


def _earlier(view: DeviceView) -> Iterator[Mapping[str, int]]:
    """Clients by venue in the readings of the last minutes, of the same facts as now."""
    for one in (*view.history, EarlierReading(view.interval_s, alike=False, facts=view.before)):
        if one.age_s <= DROP_WINDOW_S:
            whole = all(rows_of(one.facts, fact, RadioLoad).whole for fact in CLIENT_FACTS if view.measured(fact))
            yield one.clients or (clients_by_venue(view.device, one.facts) if whole else {})


def clients_by_venue(
    device: Device, facts: Mapping[str, FactRows[Fact]], counted: Collection[str] = ()
) -> Counter[str]:
    """Return the clients of the expected access points by venue (empty: of none), as far as they are printed.

    `counted`: venues that had clients in an earlier reading: 0 for one of which no access point is listed any more.
    """
    venues = {ap.name.casefold(): ap.venue or "" for ap in device.expect.access_points}
    rows = [row for fact in CLIENT_FACTS for row in rows_of(facts, fact, RadioLoad).each_row()]
    listed = [(venues[row.ap.casefold()], row.clients) for row in rows if row.ap.casefold() in venues]
    found = Counter(dict.fromkeys(set(counted).difference(venue for venue, _clients in listed), 0))
    for venue, clients in listed:
        if clients is not None:
            found[venue] += clients
    return found
