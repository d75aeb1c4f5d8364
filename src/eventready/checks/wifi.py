"""Access points and their radios, as their controller sees them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from pydantic import Field

from eventready.checks.answer import answered, blind, failed, grade, graded, passed, tidy, unknown, warned
from eventready.checks.check import Limits, Look, NoLimits, check
from eventready.checks.finding import Finding
from eventready.facts.records import AccessPoint, Radio, RadioLoad
from eventready.workspace.device import Device, Role
from eventready.workspace.expect import ExpectedAccessPoint

_ROLES: tuple[Role, ...] = ("wifi_controller",)
_STATES = ("radio", "radio_24")
_LOADS = ("radio_load", "radio_load_24")


class ShareLimits(Limits):
    """Percent of the expected access points, or of their radios, that are not in service."""

    fail: float = Field(default=5, ge=0, le=100, description="Failure beyond this share, %; any is a warning [S43]")


class ClientLimits(Limits):
    """Clients on one radio."""

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
    """When the clients of an access point are unevenly spread over its radios."""

    clients: int = Field(default=15, ge=1, description="Warning when one radio has so many and another none [D]")


def _has_access_points(device: Device) -> bool:
    return bool(device.expect.access_points)


def _expected(look: Look) -> dict[str, ExpectedAccessPoint]:
    return {ap.name.casefold(): ap for ap in look.device.expect.access_points}


@check(
    "access_point",
    roles=_ROLES,
    needs=("access_point",),
    limits=ShareLimits(),
    duties=("1.3a", "1.3b"),
    applies=_has_access_points,
)
def access_point(look: Look, limits: ShareLimits) -> Iterator[Finding]:
    """Every expected access point has joined; the critical ones may never be missing."""
    rows = {row.name.casefold(): row for row in look.rows("access_point", AccessPoint)}
    expected = _expected(look)
    for key, ap in expected.items():
        yield _joined(ap, rows.get(key))
    missing = sum(key not in rows or rows[key].state == "down" for key in expected)
    yield _share("access points", missing, len(expected), limits)


def _joined(expected: ExpectedAccessPoint, row: AccessPoint | None) -> Finding:
    name, venues = expected.name, (expected.venue,)
    if row is not None and row.state == "up":
        return passed(name, "{subject} has joined", venues=venues)
    if expected.critical:
        return failed(name, "{subject} is critical and has not joined", venues=venues)
    return warned(name, "{subject} has not joined", venues=venues)


def _share(subject: str, missing: int, count: int, limits: ShareLimits) -> Finding:
    percent = tidy(100.0 * missing / count)
    return answered(
        grade(percent, 0, limits.fail, beyond=True),
        "{missing} of {count} {subject} are out of service: {value}% (limit {limit}%)",
        subject=subject,
        missing=missing,
        count=count,
        value=percent,
        limit=tidy(limits.fail),
        unit="%",
    )


@check("radio", roles=_ROLES, needs=_STATES, limits=ShareLimits(), duties=("1.3a",), applies=_has_access_points)
def radio(look: Look, limits: ShareLimits) -> Iterator[Finding]:
    """Every radio of the expected access points is up."""
    expected = _expected(look)
    rows = [row for row in _radios(look) if row.ap.casefold() in expected]
    lit = {row.ap.casefold() for row in rows if row.oper == "up"}
    for row in rows:
        key = row.ap.casefold()
        name, venues = _name(row), (expected[key].venue,)
        if row.oper == "up":
            yield passed(name, "{subject} is up", venues=venues)
        elif row.admin == "down" and key in lit:
            yield passed(name, "{subject} is switched off in the configuration", venues=venues)
        else:
            yield warned(name, "{subject} is down", venues=venues)
    # An access point without radios here is one that has not joined, which `access_point` tells of.
    wanted = [row for row in rows if row.oper == "up" or row.admin == "up" or row.ap.casefold() not in lit]
    if wanted:
        yield _share("radios", sum(row.oper == "down" for row in wanted), len(wanted), limits)


def _radios(look: Look) -> list[Radio]:
    return [row for fact in _STATES for row in look.rows(fact, Radio)]


def _name(row: Radio | RadioLoad) -> str:
    return f"{row.ap} {row.slot} ({row.band} GHz)"


def _loads(look: Look) -> list[tuple[ExpectedAccessPoint, RadioLoad]]:
    """The radios of expected access points that are not switched off, with how busy they are."""
    expected = _expected(look)
    off = {(row.ap, row.slot) for row in _radios(look) if row.oper == "down"}
    return [
        (expected[row.ap.casefold()], row)
        for fact in _LOADS
        for row in look.rows(fact, RadioLoad)
        if row.ap.casefold() in expected and (row.ap, row.slot) not in off
    ]


@check(
    "radio_clients",
    roles=_ROLES,
    needs=_LOADS,
    limits=ClientLimits(),
    duties=("1.1c", "1.3b"),
    applies=_has_access_points,
)
def radio_clients(look: Look, limits: ClientLimits) -> Iterator[Finding]:
    """No radio has more clients than it can serve well."""
    loads = _loads(look)
    if loads and all(row.clients is None for _ap, row in loads):
        yield blind("clients", "This equipment does not tell the clients of each radio")
        return
    for ap, row in loads:
        if row.clients is None:
            yield unknown(_name(row), "{subject}: the device gives no figure", venues=(ap.venue,))
            continue
        yield graded(
            _name(row),
            "{subject}: clients {value} (limit {limit})",
            row.clients,
            warn=limits.warn,
            fail=limits.fail,
            venues=(ap.venue,),
        )


@check(
    "radio_utilisation",
    roles=_ROLES,
    needs=_LOADS,
    limits=AirtimeLimits(),
    duties=("1.1c", "1.3c"),
    applies=_has_access_points,
)
def radio_utilisation(look: Look, limits: AirtimeLimits) -> Iterator[Finding]:
    """No channel is so busy that clients wait."""
    loads = _loads(look)
    if loads and all(row.utilisation_percent is None for _ap, row in loads):
        yield blind("airtime", "This equipment does not tell how busy its channels are")
        return
    for ap, row in loads:
        if row.utilisation_percent is None:
            yield unknown(_name(row), "{subject}: the device gives no figure", venues=(ap.venue,))
            continue
        low_band = row.band == "2.4"
        yield graded(
            _name(row),
            "{subject}: {value}% of airtime in use (limit {limit}%)",
            row.utilisation_percent,
            warn=limits.band_24_warn if low_band else limits.warn,
            fail=limits.band_24_fail if low_band else limits.fail,
            unit="%",
            venues=(ap.venue,),
        )


@check(
    "radio_noise",
    roles=_ROLES,
    needs=_LOADS,
    limits=NoiseLimits(),
    duties=("1.3c",),
    applies=_has_access_points,
)
def radio_noise(look: Look, limits: NoiseLimits) -> Iterator[Finding]:
    """Noise leaves room for the signal."""
    loads = _loads(look)
    if loads and all(row.noise_dbm is None for _ap, row in loads):
        yield blind("noise", "This equipment does not tell the noise on its channels")
        return
    for ap, row in loads:
        if row.noise_dbm is None:
            yield unknown(_name(row), "{subject}: the device gives no figure", venues=(ap.venue,))
            continue
        yield graded(
            _name(row),
            "{subject} has {value} dBm of noise (limit {limit} dBm)",
            row.noise_dbm,
            warn=limits.warn,
            fail=limits.fail,
            unit="dBm",
            venues=(ap.venue,),
        )


@check(
    "radio_balance",
    roles=_ROLES,
    needs=_LOADS,
    limits=BalanceLimits(),
    duties=("1.2c", "1.3c"),
    applies=_has_access_points,
)
def radio_balance(look: Look, limits: BalanceLimits) -> Iterator[Finding]:
    """The clients of an access point are spread over its radios."""
    clients: dict[str, Counter[str]] = {}
    venues: dict[str, str | None] = {}
    for ap, row in _loads(look):
        if row.clients is not None:
            clients.setdefault(ap.name, Counter())[_name(row)] += row.clients
            venues[ap.name] = ap.venue
    for name, spread in clients.items():
        fullest, most = spread.most_common(1)[0]
        if most >= limits.clients and 0 in spread.values():
            yield warned(
                name,
                "{subject}: clients {value} on {radio}, none on its other radio (limit {limit})",
                venues=(venues[name],),
                value=most,
                limit=limits.clients,
                radio=fullest,
            )
        else:
            yield passed(name, "{subject} spreads its clients over its radios", venues=(venues[name],))
    if not clients and _loads(look):
        yield blind("clients", "This equipment does not tell the clients of each radio")


class CrowdLimits(Limits):
    """When the clients of a venue are all on one access point."""

    clients: int = Field(default=15, ge=1, description="Warning when one has so many and all others none [D]")


@check(
    "access_point_balance",
    roles=_ROLES,
    needs=_LOADS,
    limits=CrowdLimits(),
    duties=("1.2c", "1.3c"),
    applies=_has_access_points,
)
def access_point_balance(look: Look, limits: CrowdLimits) -> Iterator[Finding]:
    """The clients of a venue are not all on one access point while others are idle."""
    clients: dict[str | None, Counter[str]] = {}
    for ap, row in _loads(look):
        if row.clients is not None:
            clients.setdefault(ap.venue, Counter())[ap.name] += row.clients
    for venue, spread in clients.items():
        fullest, most = spread.most_common(1)[0]
        if len(spread) > 1 and most >= limits.clients and spread.total() == most:
            yield warned(
                venue or "access points",
                "{subject}: clients {value} on {ap}, none on {others} other access points (limit {limit})",
                venues=(venue,),
                value=most,
                limit=limits.clients,
                ap=fullest,
                others=len(spread) - 1,
            )
        else:
            yield passed(venue or "access points", "{subject}: clients are spread", venues=(venue,))
    if not clients and _loads(look):
        yield blind("clients", "This equipment does not tell the clients of each radio")


@check(
    "radio_listed",
    roles=_ROLES,
    needs=("access_point", *_STATES, *_LOADS),
    duties=("1.3a",),
    applies=_has_access_points,
)
def radio_listed(look: Look, _limits: NoLimits) -> Iterator[Finding]:
    """Every access point that has joined tells the state of its radios and how busy they are."""
    states = {row.ap.casefold() for row in _radios(look)}
    loads = {row.ap.casefold() for fact in _LOADS for row in look.rows(fact, RadioLoad)}
    expected = _expected(look)
    for row in look.rows("access_point", AccessPoint):
        key = row.name.casefold()
        if row.state == "down" or key not in expected:
            continue
        venues = (expected[key].venue,)
        if key not in states:
            yield unknown(row.name, "{subject} has joined and lists no radio", venues=venues)
        elif key not in loads:
            yield unknown(row.name, "{subject} has joined and does not tell how busy its radios are", venues=venues)
        else:
            yield passed(row.name, "{subject} lists its radios", venues=venues)
    if not any(key == row.name.casefold() for row in look.rows("access_point", AccessPoint) for key in expected):
        yield failed("access points", "None of the expected access points is listed")
