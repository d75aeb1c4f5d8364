"""Access points and their radios, as their controller sees them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import ClassVar, Literal

from pydantic import Field

from eventready.checks.answer import (
    Between,
    Levels,
    answered,
    blind,
    failed,
    grade,
    graded,
    missing,
    not_read,
    of_absence,
    of_all,
    of_either,
    of_subject,
    passed,
    tidy,
    unknown,
    warned,
)
from eventready.checks.check import DeviceView, Limits, NoLimits, check, expects
from eventready.checks.finding import Finding
from eventready.facts.observation import Unread
from eventready.facts.records import AccessPoint, Fact, Radio, RadioLoad, Wlan
from eventready.facts.rows import FactRows, rows_of
from eventready.facts.subjects import owners
from eventready.workspace.devices.device import Role
from eventready.workspace.devices.expect import ExpectedAccessPoint

_ROLES: tuple[Role, ...] = ("wifi_controller",)
_STATES = ("radio", "radio_24")
_LOADS = ("radio_load", "radio_load_24")
_Load = tuple[ExpectedAccessPoint, RadioLoad]


class ShareLimits(Limits):
    """Share of the expected access points, or of their radios, out of service, in percent."""

    fail: float = Field(default=5, ge=0, le=100, description="Failure beyond this share, %; any is a warning [S43]")


class ClientLimits(Limits):
    """Number of clients per radio."""

    warn: int = Field(default=30, ge=1, description="Warning from this number on: 20 to 30 per cell at -67 dBm [S30]")
    fail: int = Field(default=50, ge=1, description="Failure from this number on [S30]")


class AirtimeLimits(Limits):
    """Percent of airtime in use, by band; 6 GHz is held against the limits of 5 GHz."""

    warn: float = Field(default=50, ge=0, le=100, description="Warning from this use on, 5 and 6 GHz, % [K]")
    fail: float = Field(default=70, ge=0, le=100, description="Failure from this use on, 5 and 6 GHz, % [K]")
    band_24_warn: float = Field(default=60, ge=0, le=100, description="Warning from this use on, 2.4 GHz, % [K]")
    band_24_fail: float = Field(default=80, ge=0, le=100, description="Failure from this use on, 2.4 GHz, % [K]")


class NoiseLimits(Limits):
    """Noise in dBm; nearer to zero is worse."""

    warn: float = Field(default=-85, le=0, description="Warning from this noise on, dBm [K]")
    fail: float = Field(default=-80, le=0, description="Failure from this noise on, dBm [K]")


class BalanceLimits(Limits):
    """Limits of the uneven spread of an access point's clients over its radios."""

    clients: int = Field(default=15, ge=1, description="Warning when one radio has so many and another none [D]")


_wifi_check = partial(check, topic="wifi", roles=_ROLES, applies=expects("access_points"))


def _expected(view: DeviceView) -> dict[str, ExpectedAccessPoint]:
    return {ap.name.casefold(): ap for ap in view.device.expect.access_points}


@_wifi_check("access_point", kind="state", needs=("access_point",), limits=ShareLimits())
def access_point(view: DeviceView, limits: ShareLimits) -> Iterator[Finding]:
    """Every expected access point has joined; the critical ones may never be missing."""
    known, expected = view.fact("access_point", AccessPoint), _expected(view)
    names = [ap.name for ap in expected.values()]
    found = [known.for_subject(name, names) for name in names]
    for ap, one in zip(expected.values(), found, strict=True):
        yield _joined(ap, one.row)
    away = sum(one.row is None or one.row.state == "down" for one in found)
    unread = min(sum(one.row is None and not one.absent for one in found), len(known.unread_records))
    yield _share("access points", away - unread, len(expected) - unread, limits, unread)


def _joined(expected: ExpectedAccessPoint, row: AccessPoint | None) -> Finding:
    name, venues = expected.name, (expected.venue,)
    if row is not None and row.state == "up":
        return passed(name, "checks:access_point.joined", venues=venues)
    absent = "critical_not_joined" if expected.critical else "not_joined"
    away = (failed if expected.critical else warned)(name, f"checks:access_point.{absent}", venues=venues)
    return of_absence(away) if row is None else away


@check(
    "wlan",
    kind="quality",
    topic="wifi",
    roles=_ROLES,
    needs=("wlan", "access_point"),
    applies=lambda device: bool(device.expect.access_points or device.expect.wlans),
)
def wlan(view: DeviceView, _limits: NoLimits) -> Iterator[Finding]:
    """Expected Wi-Fi networks are enabled, on every joined access point too."""
    rows = view.each_row("wlan", Wlan)
    names, enabled = view.device.expect.wlans, [row for row in rows if row.enabled]
    shown = {row.name for row in enabled}
    for name in names:
        yield passed(name, "checks:wlan.enabled") if name in shown else missing(name, "checks:wlan.disabled")
    if not names:
        undeclared = blind("WLAN", "checks:wlan.undeclared", names=", ".join(sorted(shown)))
        yield of_all(undeclared if shown else failed("WLAN", "checks:wlan.none"))
    if any(row.ap for row in rows):
        joined = {row.name.casefold() for row in view.each_row("access_point", AccessPoint) if row.state == "up"}
        for key, ap in _expected(view).items():
            if key in joined:
                own = {row.name for row in enabled if row.ap and row.ap.casefold() == key}
                yield _serves(ap, own, own.intersection(names) if names else own)


def _serves(ap: ExpectedAccessPoint, own: Set[str], expected: Set[str]) -> Finding:
    """Judge a joined access point by all of its enabled networks, and by the expected among them."""
    if expected:
        return passed(ap.name, "checks:wlan.served", venues=(ap.venue,))
    if own:
        return missing(ap.name, "checks:wlan.other_served", venues=(ap.venue,), names=", ".join(sorted(own)))
    return missing(ap.name, "checks:wlan.not_served", venues=(ap.venue,))


def _share(subject: str, missing: int, count: int, limits: ShareLimits, unread: int = 0) -> Finding:
    """Grade the share out of service of `count` and of the unread ones, which may be in service or not."""
    bounds = (missing, missing + unread)
    return of_either(*(_graded_share(subject, more, count + unread, limits, unread) for more in bounds))


def _graded_share(subject: str, missing: int, count: int, limits: ShareLimits, unread: int) -> Finding:
    percent = tidy(100.0 * missing / count)
    return answered(
        grade(percent, 0, limits.fail, beyond=True), subject,
        f"checks:access_point.out_of_service{'_at_least' if unread else ''}", missing=missing, count=count,
        value=percent, limit=tidy(limits.fail), unit="%", unread=unread,
    )  # fmt: skip


@_wifi_check("radio", kind="quality", needs=_STATES, limits=ShareLimits())
def radio(view: DeviceView, limits: ShareLimits) -> Iterator[Finding]:
    """Every radio of the expected access points is up."""
    expected = _expected(view)
    rows = [row for row in _radios(view) if row.ap.casefold() in expected]
    lit = {row.ap.casefold() for row in rows if row.oper == "up"}
    for row in rows:
        key = row.ap.casefold()
        name, venues = _name(row), (expected[key].venue,)
        if row.oper == "up":
            yield passed(name, "checks:subject.up", venues=venues)
        elif row.admin == "down" and key in lit:
            yield passed(name, "checks:radio.switched_off", venues=venues)
        elif row.admin == "down":
            yield of_subject(warned(name, "checks:subject.down", venues=venues), row.ap)
        else:
            yield warned(name, "checks:subject.down", venues=venues)
    # An access point without radios here is one that has not joined, which `access_point` tells of.
    wanted = [row for row in rows if row.oper == "up" or row.admin == "up" or row.ap.casefold() not in lit]
    if wanted:
        unread = _unread(view, _STATES)
        # Beside an unread radio in service these are switched off on purpose.
        unsure = sum(row.admin == row.oper == "down" for row in wanted) if unread else 0
        down = sum(row.oper == "down" for row in wanted)
        yield _share("radios", down - unsure, len(wanted) - unsure, limits, unread + unsure)


def _unread(view: DeviceView, facts: Iterable[str]) -> int:
    return sum(len(view.fact(fact, Radio).unread_records) for fact in facts)


def _radios(view: DeviceView) -> list[Radio]:
    return [row for fact in _STATES for row in view.each_row(fact, Radio)]


def _name(row: Radio | RadioLoad) -> str:
    return f"{row.ap} {row.slot} ({row.band} GHz)"


@dataclass(frozen=True)
class _Loads:
    """Loads of the radios in service of expected access points, and those of radios with an unread state.

    A radio with clients is in service, whatever its state; `unsure`: the others whose state was not read.
    """

    sure: tuple[_Load, ...]
    unsure: tuple[_Load, ...]
    unread_records: tuple[Unread, ...]

    def not_read(self, subject: str, ap: ExpectedAccessPoint) -> Finding:
        """Finding for a radio of unread state, or for its access point."""
        own = [one for one in self.unread_records if owners(one, (ap.name,))]
        return not_read(subject, own or self.unread_records, venues=(ap.venue,))

    def unsure_points(self) -> dict[str, ExpectedAccessPoint]:
        """Access points with a radio of unread state, by name."""
        return {ap.name: ap for ap, _row in self.unsure}


def _loads(view: DeviceView) -> _Loads:
    expected, radios = _expected(view), _radios(view)
    rows = [row for fact in _LOADS for row in view.each_row(fact, RadioLoad) if row.ap.casefold() in expected]
    off = {_key(row) for row in radios if row.oper == "down"}
    unread = [one for fact in _STATES for one in view.fact(fact, Radio).unread_records]
    doubtful = _of_unread(unread, radios, rows)
    sure: list[_Load] = []
    unsure: list[_Load] = []
    for row in rows:
        if _key(row) not in off:
            (unsure if _key(row) in doubtful and not row.clients else sure).append((expected[row.ap.casefold()], row))
    return _Loads(tuple(sure), tuple(unsure), tuple(unread))


def _of_unread(unread: Iterable[Unread], radios: Sequence[Radio], loads: Sequence[RadioLoad]) -> set[tuple[str, str]]:
    """Keys of the loads without a state, of access points with a possible unread state."""
    names = {row.ap for row in loads}
    named = set[str]().union(*(owners(one, names) or names for one in unread))
    key = _key_of_both(radios, loads)
    stated = set(map(key, radios))
    return {_key(row) for row in loads if row.ap in named and key(row) not in stated}


def _grade_loads(
    view: DeviceView,
    figure: Callable[[RadioLoad], float | None],
    limits: Callable[[RadioLoad], Levels],
    message: str,
    *,
    without: Finding,
    unit: str = "",
) -> Iterator[Finding]:
    """Grade a figure of every radio against its limits; `without`: the finding without any figure."""
    known = _loads(view)
    loads = [(ap, row, figure(row)) for ap, row in known.sure]
    if loads and all(value is None for _ap, _row, value in loads):
        yield without
        return
    for ap, row, value in loads:
        yield graded(_name(row), message, value, limits(row), unit=unit, venues=(ap.venue,))
    yield from (known.not_read(_name(row), ap) for ap, row in known.unsure if figure(row) is not None)


@_wifi_check("radio_clients", kind="quality", needs=_LOADS, limits=ClientLimits())
def radio_clients(view: DeviceView, limits: ClientLimits) -> Iterator[Finding]:
    """No radio has more clients than its limit."""
    without = blind("clients", "checks:radio.clients_unsupported")
    yield from _grade_loads(view, lambda row: row.clients, lambda _: limits, "checks:radio.clients", without=without)


@_wifi_check("radio_utilisation", kind="quality", needs=_LOADS, limits=AirtimeLimits())
def radio_utilisation(view: DeviceView, limits: AirtimeLimits) -> Iterator[Finding]:
    """No radio's channel utilisation is above its limit."""
    without = blind("airtime", "checks:radio.busy_unsupported")

    def of(row: RadioLoad) -> Levels:
        return Between(limits.band_24_warn, limits.band_24_fail) if row.band == "2.4" else limits

    yield from _grade_loads(
        view, lambda row: row.utilisation_percent, of, "checks:radio.airtime", without=without, unit="%"
    )


@_wifi_check("radio_noise", kind="quality", needs=_LOADS, limits=NoiseLimits())
def radio_noise(view: DeviceView, limits: NoiseLimits) -> Iterator[Finding]:
    """Noise leaves room for the signal."""
    without = blind("noise", "checks:radio.noise_unsupported")
    yield from _grade_loads(
        view, lambda row: row.noise_dbm, lambda _: limits, "checks:radio.noise", without=without, unit="dBm"
    )


@_wifi_check("radio_balance", kind="care", needs=_LOADS, limits=BalanceLimits())
def radio_balance(view: DeviceView, limits: BalanceLimits) -> Iterator[Finding]:
    """The clients of an access point are spread over its radios."""
    known = _loads(view)
    clients: dict[str, Counter[str]] = {}
    points: dict[str, ExpectedAccessPoint] = {}
    for ap, row in known.sure:
        if row.clients is not None:
            clients.setdefault(ap.name, Counter())[_name(row)] += row.clients
            points[ap.name] = ap
    unsure = known.unsure_points()
    for name, spread in clients.items():
        fullest, most = spread.most_common(1)[0]
        venues = (points[name].venue,)
        if most >= limits.clients and 0 in spread.values():
            yield warned(
                name, "checks:radio.unbalanced", venues=venues, value=most, limit=limits.clients, radio=fullest
            )
        elif most >= limits.clients and name in unsure:
            yield known.not_read(name, unsure[name])
        else:
            yield of_subject(passed(name, "checks:radio.balanced", venues=venues))
    yield from (known.not_read(name, ap) for name, ap in unsure.items() if name not in clients)
    if not clients and known.sure:
        yield blind("clients", "checks:radio.clients_unsupported")


class CrowdLimits(Limits):
    """Limits of the imbalance of clients between the access points of a venue."""

    clients: int = Field(default=15, ge=1, description="Warning when one has so many and all others none [D]")


@_wifi_check("access_point_balance", kind="care", needs=_LOADS, limits=CrowdLimits())
def access_point_balance(view: DeviceView, limits: CrowdLimits) -> Iterator[Finding]:
    """The clients of a venue are distributed over its access points."""
    known = _loads(view)
    clients: dict[str | None, Counter[str]] = {}
    for ap, row in known.sure:
        if row.clients is not None:
            clients.setdefault(ap.venue, Counter())[ap.name] += row.clients
    unsure = {ap.venue: ap for ap in known.unsure_points().values()}
    for venue, spread in clients.items():
        fullest, most = spread.most_common(1)[0]
        subject = venue or "access points"
        if len(spread) > 1 and most >= limits.clients and spread.total() == most:
            others, limit = len(spread) - 1, limits.clients
            uneven = partial(warned, subject, "checks:clients.unbalanced", venues=(venue,), value=most)
            yield of_all(uneven(limit=limit, ap=fullest, others=others))
        elif len(spread) == 1 and most >= limits.clients and venue in unsure:
            yield known.not_read(subject, unsure[venue])
        else:
            spread_out = passed(subject, "checks:clients.balanced", venues=(venue,))
            yield spread_out if sum(map(bool, spread.values())) > 1 else of_all(spread_out)
    if not clients and known.sure:
        yield blind("clients", "checks:radio.clients_unsupported")


class EmptyLimits(Limits):
    """Clients of an access point beside which another of its venue should not be empty."""

    clients: int = Field(default=10, ge=1, description="Failure without clients when another has so many [D]")


@_wifi_check("access_point_empty", kind="quality", needs=("access_point", *_LOADS), limits=EmptyLimits())
def access_point_empty(view: DeviceView, limits: EmptyLimits) -> Iterator[Finding]:
    """No access point in service is empty beside a full neighbour of its venue."""
    known_loads = _loads(view)
    loads = known_loads.sure
    clients: Counter[str] = Counter()
    for ap, row in loads:
        if row.clients is not None:
            clients[ap.name] += row.clients
    known = {ap.name for ap, row in loads if row.clients is not None}
    joined = {row.name.casefold() for row in view.each_row("access_point", AccessPoint) if row.state == "up"}
    serving = [ap for ap in view.device.expect.access_points if ap.name in known and ap.name.casefold() in joined]
    for ap in serving:
        most, fullest = max((clients[other.name], other.name) for other in serving if other.venue == ap.venue)
        if clients[ap.name] or most < limits.clients:
            served = passed(ap.name, "checks:clients.served", venues=(ap.venue,), value=clients[ap.name])
            yield served if clients[ap.name] else of_all(served)
        else:
            empty = failed(
                ap.name, "checks:clients.empty", venues=(ap.venue,), value=most, limit=limits.clients, other=fullest
            )
            yield of_subject(empty)
    for name, ap in known_loads.unsure_points().items():
        if name not in known and name.casefold() in joined:
            yield known_loads.not_read(name, ap)
    if not known and loads:
        yield blind("clients", "checks:radio.clients_unsupported")
    elif not serving and not known_loads.unsure:
        yield of_all(failed("access points", "checks:access_point.none"))


class UsualLimits(Limits):
    """Clients of an access point in percent of their median in earlier full audits of the same weekday and hour."""

    worse: ClassVar[Literal["higher", "lower"]] = "lower"
    warn: float = Field(default=30, ge=0, le=100, description="Warning below this share of the median, % [D]")
    clients: int = Field(default=5, ge=1, description="Least median to compare with [D]")
    audits: int = Field(default=3, ge=1, description="Least number of audits to compare with [D]")


@_wifi_check("access_point_usual", kind="quality", needs=_LOADS, limits=UsualLimits())
def access_point_usual(view: DeviceView, limits: UsualLimits) -> Iterator[Finding]:
    """No access point has far fewer clients than usual on this weekday at this hour."""
    now, earlier = _clients(view.now), [_clients(past.facts) for past in view.history if past.alike]
    if not now and any(view.each_row(fact, RadioLoad) for fact in _LOADS):
        yield blind("clients", "checks:radio.clients_unsupported")
        return
    compared = False
    for key, ap in _expected(view).items():
        usual = [clients[key] for clients in earlier if key in clients]
        if key in now and len(usual) >= limits.audits:
            compared, middle = True, median(usual)
            few = middle >= limits.clients and 100 * now[key] < limits.warn * middle
            found = (warned if few else passed)(
                ap.name,
                "checks:clients.usual",
                venues=(ap.venue,),
                value=now[key],
                median=tidy(middle),
                audits=len(usual),
            )
            yield of_subject(found) if few else found
    if not compared:
        yield passed("access points", "checks:clients.no_usual", value=len(earlier), limit=limits.audits)


def _clients(facts: Mapping[str, FactRows[Fact]]) -> Counter[str]:
    """Clients by access point, as far as they are printed."""
    clients: Counter[str] = Counter()
    for row in (row for fact in _LOADS for row in rows_of(facts, fact, RadioLoad).each_row()):
        if row.clients is not None:
            clients[row.ap.casefold()] += row.clients
    return clients


@_wifi_check("radio_listed", kind="care", needs=("access_point", *_STATES, *_LOADS))
def radio_listed(view: DeviceView, _limits: NoLimits) -> Iterator[Finding]:
    """Every joined access point reports the state and load of its radios."""
    radios = _radios(view)
    loads = [row for fact in _LOADS for row in view.each_row(fact, RadioLoad)]
    states, loaded = {row.ap.casefold() for row in radios}, {row.ap.casefold() for row in loads}
    silent = _silent(radios, loads)
    expected = _expected(view)
    for row in view.each_row("access_point", AccessPoint):
        key = row.name.casefold()
        if row.state == "down" or key not in expected:
            continue
        venues = (expected[key].venue,)
        if key not in states:
            yield unknown(row.name, "checks:access_point.joined_no_radio", venues=venues)
        elif key not in loaded or key in silent:
            yield unknown(row.name, "checks:access_point.joined_no_load", venues=venues)
        else:
            yield passed(row.name, "checks:radio.listed", venues=venues)
    if not any(key == row.name.casefold() for row in view.each_row("access_point", AccessPoint) for key in expected):
        yield of_all(failed("access points", "checks:access_point.none"))


def _silent(radios: Sequence[Radio], loads: Sequence[RadioLoad]) -> set[str]:
    """Access points with a radio in service and without its load; by band where the loads name no slot."""
    key = _key_of_both(radios, loads)
    known = set(map(key, loads))
    return {row.ap.casefold() for row in radios if row.oper == "up" and key(row) not in known}


def _key_of_both(radios: Sequence[Radio], loads: Sequence[RadioLoad]) -> Callable[[Radio | RadioLoad], tuple[str, str]]:
    """Return the key of a radio in both lists: by slot where both have a slot in common, else by band."""
    return _band if {_key(row) for row in radios}.isdisjoint(map(_key, loads)) else _key


def _key(row: Radio | RadioLoad) -> tuple[str, str]:
    return row.ap.casefold(), row.slot


def _band(row: Radio | RadioLoad) -> tuple[str, str]:
    return row.ap.casefold(), row.band
