"""What can be made to happen in the real province while it runs.

A fault is a generator: it makes the fault, yields a question that is answered with True once the fault has taken its
effect, and afterwards undoes it. Names and arguments are those of the embedded lab's faults.
"""

from __future__ import annotations

import inspect
import signal
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from eventready.errors import UsageError
from eventready.lab.real import frr, wifi
from eventready.lab.real.plan import (
    CABLES,
    CONTROLLER,
    GATEWAYS,
    GROUP,
    ISPS,
    LAN_PORT,
    STATIONS,
    WIRE,
    Cable,
    End,
    Station,
    cables_of,
    router_id,
)
from eventready.lab.real.shell import configure, inside, run, tell
from eventready.lab.real.wifi.air import AccessPoint

if TYPE_CHECKING:
    from eventready.lab.real.hotspot import Hotspot
    from eventready.lab.real.province import Province

Happening = Generator[Callable[[], bool], None, None]
Kind = Literal["router", "bts_controller", "wifi_controller"]


@dataclass(frozen=True)
class At:
    """Where a fault happens."""

    province: Province
    device: str


@dataclass(frozen=True)
class Fault:
    """A kind of fault, and the roles of the devices it happens to."""

    name: str
    run: Callable[..., Happening]
    roles: tuple[Kind, ...]

    @property
    def help(self) -> str:
        """The docstring's first line."""
        return (self.run.__doc__ or "").strip().splitlines()[0]

    @property
    def parameters(self) -> dict[str, Any]:
        """Arguments and their defaults, in order."""
        return {name: one.default for name, one in list(inspect.signature(self.run).parameters.items())[1:]}


FAULTS: dict[str, Fault] = {}
_SETTLED_S = 20.0
#: Until a change of the configuration has shown in what depends on it.
_NOTICED_S = 0.5
_ROUTER: tuple[Kind, ...] = ("router",)
_BTS: tuple[Kind, ...] = ("bts_controller",)
_WIFI: tuple[Kind, ...] = ("wifi_controller",)


def fault(name: str, roles: tuple[Kind, ...]) -> Callable[[Callable[..., Happening]], Callable[..., Happening]]:
    """Register a fault under `name`."""

    def register(function: Callable[..., Happening]) -> Callable[..., Happening]:
        FAULTS[name] = Fault(name, function, roles)
        return function

    return register


def _at_once() -> bool:
    return True


def _settled() -> bool:
    return not frr.waiting_for()


def _wait_until_settled() -> None:
    deadline = time.monotonic() + _SETTLED_S
    time.sleep(_NOTICED_S)
    while not _settled() and time.monotonic() < deadline:
        time.sleep(_NOTICED_S)


def _cable(at: At, holds: Callable[[End, End], bool], what: str) -> tuple[Cable, End, End]:
    """The first cable of a router whose (own, far) ends fit."""
    for cable in CABLES:
        ends = cable.ends(at.device)
        if ends and holds(*ends):
            return (cable, *ends)
    known = ", ".join(f"{own.port} to {far.router} {far.ip}" for own, far in cables_of(at.device))
    raise UsageError(f"{at.device} has no {what}", do=f"It has: {known}.")


def _bfd(router: str, peer: str) -> str:
    """The state of a BFD session as the router tells it; empty when there is none."""
    rows = tell(router, "show bfd peers json")
    return next((row["status"] for row in rows if row["peer"] == peer), "") if isinstance(rows, list) else ""


def _loss(table: str, plugs: tuple[str, ...], match: str = "") -> None:
    """Let what comes in at these plugs vanish."""
    devices = ", ".join(f'"{plug}"' for plug in plugs)
    chain = f"type filter hook ingress devices = {{ {devices} }} priority 0; policy accept;"
    rules = f"table netdev {table} {{\nchain loss {{\n{chain}\n{match} drop\n}}\n}}\n"
    run(*inside(WIRE, "nft", "-f", "-"), given=rules)


def _found(table: str) -> None:
    run(*inside(WIRE, "nft", "delete", "table", "netdev", table))


@fault("link-down", _ROUTER)
def link_down(at: At, port: str = "") -> Happening:
    """A cable is cut: its ports are without carrier at both ends."""
    cable, own, far = _cable(at, lambda own, _far: port in (own.port, ""), f"cable at {port}")
    for plug in frr.plugs(cable):
        run("ip", "-n", WIRE, "link", "set", plug, "down")
    yield lambda: "up" not in (_bfd(own.router, far.ip), _bfd(far.router, own.ip)) and _ospf_gone(own, far)
    for plug in frr.plugs(cable):
        run("ip", "-n", WIRE, "link", "set", plug, "up")


def _ospf_gone(own: End, far: End) -> bool:
    """True when neither end counts the other among its OSPF neighbours; between two systems there is no OSPF."""
    return own.router in ISPS or far.router in ISPS or not (_ospf(own, far) or _ospf(far, own))


def _ospf(own: End, far: End) -> str:
    """The state of an OSPF neighbour on a port; empty when there is none."""
    near = (tell(own.router, "show ip ospf neighbor json") or {}).get("neighbors", {})
    rows = near.get(router_id(far.router), [])
    return next((str(row["nbrState"]) for row in rows if str(row["ifaceName"]).startswith(f"{own.port}:")), "")


@fault("bfd-down", _ROUTER)
def bfd_down(at: At, peer: str = "") -> Happening:
    """Packets on a cable are lost in silence: ports stay up, and BFD goes down at both ends."""
    cable, own, far = _cable(at, lambda _own, far: peer in (far.ip, ""), f"BFD session to {peer}")
    _loss(f"silent_{cable.name}", frr.plugs(cable))
    yield (
        lambda: (
            "up" not in (_bfd(own.router, far.ip), _bfd(far.router, own.ip))
            and _ospf_gone(own, far)
            and (far.router not in ISPS or not _established(own.router, far.ip))
        )
    )
    _found(f"silent_{cable.name}")


def _established(router: str, peer: str) -> bool:
    peers = (tell(router, "show bgp ipv4 unicast summary json") or {}).get("peers", {})
    return bool(peers.get(peer, {}).get("state") == "Established")


def _bgp_neighbour(at: At, peer: str) -> tuple[str, str, str]:
    """(far router, its address as our neighbour, our address as its neighbour) of a BGP session."""
    sessions = []
    for own, far in cables_of(at.device):
        outer = far.router in ISPS or own.router in ISPS
        sessions.append(
            (far.router, far.ip, own.ip) if outer else (far.router, router_id(far.router), router_id(own.router))
        )
    for session in sessions:
        if peer in (session[1], ""):
            return session
    raise UsageError(f"{at.device} has no BGP neighbour {peer}", do=f"It has: {', '.join(s[1] for s in sessions)}.")


@fault("neighbour-lost", _ROUTER)
def neighbour_lost(at: At, peer: str = "", protocol: str = "bgp") -> Happening:
    """A routing neighbour is not up (OSPF stuck, BGP down) although the link is; BFD stays up."""
    if protocol not in ("bgp", "ospf"):
        raise UsageError(f"{at.device} does not speak {protocol}", do="Say protocol=bgp or protocol=ospf.")
    yield from _bgp_lost(at, peer) if protocol == "bgp" else _ospf_stuck(at, peer)


def _bgp_lost(at: At, peer: str) -> Happening:
    far, address, own = _bgp_neighbour(at, peer)
    table = f"bgp_{address.replace('.', '_')}"
    block = f"ip saddr {address} tcp sport 179 drop\nip saddr {address} tcp dport 179 drop"
    chain = f"chain in {{\ntype filter hook input priority 0; policy accept;\n{block}\n}}"
    run(*inside(at.device, "nft", "-f", "-"), given=f"table inet {table} {{\n{chain}\n}}\n")
    yield lambda: not _established(at.device, address) and not _established(far, own)
    run(*inside(at.device, "nft", "delete", "table", "inet", table))


def _ospf_stuck(at: At, peer: str) -> Happening:
    """Database descriptions (OSPF type 2) get lost, as they do where the two MTUs differ: hellos pass, and the
    neighbour never gets beyond ExStart."""
    cable, own, far = _cable(
        at, lambda _own, far: far.router not in ISPS and peer in (router_id(far.router), ""), f"OSPF neighbour {peer}"
    )
    _loss(f"stuck_{cable.name}", frr.plugs(cable), "meta protocol ip ip protocol 89 @th,8,8 2")
    run("vtysh", "-N", own.router, "-c", f"clear ip ospf neighbor {router_id(far.router)}")
    run("vtysh", "-N", far.router, "-c", f"clear ip ospf neighbor {router_id(own.router)}")
    yield (
        lambda: (
            all(state.startswith("ExStart") for state in (_ospf(own, far), _ospf(far, own)))
            and _bfd(own.router, far.ip) == _bfd(far.router, own.ip) == "up"
        )
    )
    _found(f"stuck_{cable.name}")


@fault("unwatched-route", _ROUTER)
def unwatched_route(at: At) -> Happening:
    """The static default route has neither BFD nor tracking: its backup would never take over."""
    _gateway(at)
    watched, bare = frr.default_routes(at.device), frr.default_routes(at.device, watched=False)
    for old, new in zip(watched, bare, strict=True):
        # A route that lets go of its BFD session makes that one start anew, and OSPF with it: one way at a time.
        configure(at.device, f"no {old}", new)
        _wait_until_settled()
    yield _settled
    configure(at.device, *(f"no {line}" for line in bare), *watched)


@fault("no-backup-route", _ROUTER)
def no_backup_route(at: At) -> Happening:
    """The backup of the default route is gone."""
    _gateway(at)
    backup = frr.default_routes(at.device)[1]
    configure(at.device, f"no {backup}")
    yield _settled
    configure(at.device, backup)


def _gateway(at: At) -> None:
    if at.device not in GATEWAYS:
        raise UsageError(f"{at.device} has no such thing", do=f"It happens to {' and '.join(GATEWAYS)}.")


def _vrrp(router: str) -> str:
    groups = tell(router, "show vrrp json")
    return next((str(group["v4"]["status"]) for group in groups), "") if isinstance(groups, list) else ""


@fault("two-masters", _ROUTER)
def two_masters(at: At, group: int = GROUP) -> Happening:
    """The members of a VRRP group do not hear each other: both are master."""
    _group(at, group)
    _loss("vrrp", tuple(f"lan-{router}" for router in GATEWAYS), "meta protocol ip ip protocol 112")
    yield lambda: all(_vrrp(router) == "Master" for router in GATEWAYS)
    _found("vrrp")


@fault("gateway-lost", _ROUTER)
def gateway_lost(at: At, group: int = GROUP) -> Happening:
    """The device is no longer a member of a VRRP group: the other one stands alone."""
    _group(at, group)
    configure(at.device, f"interface {LAN_PORT}", f"no vrrp {GROUP}")
    other = next(router for router in GATEWAYS if router != at.device)
    yield lambda: not _vrrp(at.device) and _vrrp(other) == "Master"
    configure(at.device, f"interface {LAN_PORT}", *frr.membership(at.device))


def _group(at: At, group: int) -> None:
    _gateway(at)
    if group != GROUP:
        raise UsageError(f"{at.device} has no group {group}", do=f"It has group {GROUP}.")


@fault("unsaved-config", (*_ROUTER, *_BTS))
def unsaved_config(at: At) -> Happening:
    """Somebody changed the configuration and did not save it."""
    if at.device == CONTROLLER:
        at.province.stations.configure("paging any use tch 1", save=False)
        yield _at_once
        at.province.stations.configure("paging any use tch 0", save=False)
        return
    own, _far = cables_of(at.device)[0]
    configure(at.device, f"interface {own.port}", "description changed in a hurry")
    yield _at_once
    configure(at.device, f"interface {own.port}", "no description")


@fault("hang", _ROUTER)
def hang(at: At) -> Happening:
    """The router lets us in, takes commands and never answers: all its daemons stand still."""
    pids = [pid for pid in run("ip", "netns", "pids", at.device).split() if _is_daemon(pid)]
    _signal(pids, signal.SIGSTOP)
    yield _at_once
    _signal(pids, signal.SIGCONT)


def _is_daemon(pid: str) -> bool:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().startswith(b"/usr/lib/frr/")
    except OSError:
        return False


def _signal(pids: list[str], number: signal.Signals) -> None:
    if pids:
        run("kill", f"-{number.name.removeprefix('SIG')}", *pids)


@fault("silent", ("router", "bts_controller"))
def silent(at: At) -> Happening:
    """The device accepts the connection and never says a word."""
    at.province.doors[at.device].silent = True
    yield _at_once
    at.province.doors.answer_again(at.device)


@fault("auth-refused", _ROUTER)
def auth_refused(at: At) -> Happening:
    """The password has been changed: ours is not good any more."""
    at.province.logins.refuse(at.device, True)
    yield _at_once
    at.province.logins.refuse(at.device, False)


@fault("changed-host-key", _ROUTER)
def changed_host_key(at: At) -> Happening:
    """The device shows another host key than the one recorded."""
    at.province.logins.exchange_key(at.device, True)
    yield _at_once
    at.province.logins.exchange_key(at.device, False)


def _station(name: str) -> Station:
    on_air = [one for one in STATIONS if one.whole]
    chosen = next((one for one in on_air if name in (one.name, "")), None)
    if chosen is None:
        raise UsageError(f"there is no station {name} on air", do=f"There are: {', '.join(o.name for o in on_air)}.")
    return chosen


@fault("bts-link-lost", _BTS)
def bts_link_lost(at: At, site: str = "") -> Happening:
    """A base station is gone: its link to the controller (OML) is lost."""
    yield from _as(at, _station(site), "off", "disconnected")


@fault("bts-degraded", _BTS)
def bts_degraded(at: At, site: str = "") -> Happening:
    """A base station is managed and cannot carry calls (OML without RSL)."""
    yield from _as(at, _station(site), "dummy", "degraded")


def _as(at: At, station: Station, how: str, link: str) -> Happening:
    at.province.stations.set(station, how)
    stations = at.province.stations
    yield lambda: stations.links()[station.name] == link and not stations.signals(station)
    at.province.stations.set(station, "virtual")


@fault("cell-barred", _BTS)
def cell_barred(at: At, cell: str = "") -> Happening:
    """A cell is barred: phones may not use it."""
    station = _station(cell)
    at.province.stations.configure("cell barred 1", station)
    yield _at_once
    at.province.stations.configure("cell barred 0", station)


@fault("channels-full", _BTS)
def channels_full(at: At, cell: str = "", requests_per_second: float = 12.0, seconds: float = 300.0) -> Happening:
    """A crowd asks for more channels than a cell has: all are taken, and requests are refused."""
    station, stations = _station(cell), at.province.stations
    before = stations.refused(station)
    stations.call_crowd(station, requests_per_second, seconds)
    yield lambda: stations.refused(station) > before
    stations.send_crowd_away(station)


@fault("core-link-down", _BTS)
def core_link_down(at: At, link: str = "0") -> Happening:
    """The switching centre (MSC) is gone, and its link is down."""
    stations = at.province.stations
    if not stations.core or link != "0":
        raise UsageError(f"{at.device} has no core link {link}", do="It has: 0." if stations.core else "No MSC runs.")
    stations.stop_msc()
    yield lambda: not stations.core_link()
    stations.start_msc()


def _access_point(at: At, name: str) -> tuple[Hotspot, AccessPoint]:
    hotspot = at.province.hotspot
    chosen = next((ap for ap in hotspot.air if name in (ap.name, "")), None) if hotspot else None
    if hotspot is None or chosen is None:
        known = ", ".join(ap.name for ap in hotspot.air) if hotspot else ""
        raise UsageError(f"{at.device} has no access point {name}", do=f"It has: {known}.")
    return hotspot, chosen


@fault("ap-lost", _WIFI)
def ap_lost(at: At, ap: str = "") -> Happening:
    """An access point is switched off."""
    hotspot, chosen = _access_point(at, ap)
    wifi.make(hotspot.record, "ap-down", chosen.name)
    yield lambda: hotspot.stations()[chosen.name] == 0
    wifi.clear(hotspot.record, "ap-down", chosen.name)


@fault("ap-crowded", _WIFI)
def ap_crowded(at: At, ap: str = "") -> Happening:
    """All stations are on one access point while the others are idle."""
    hotspot, chosen = _access_point(at, ap)
    wifi.make(hotspot.record, "crowded", chosen.name)
    yield lambda: _gathered(hotspot, chosen.name)
    wifi.clear(hotspot.record, "crowded", chosen.name)


def _gathered(hotspot: Hotspot, chosen: str) -> bool:
    """True when all stations are there and nowhere else; who has moved may stand with its old place for minutes."""
    everybody, here = sum(one.stations for one in hotspot.air), hotspot.stations()
    if here[chosen] == everybody < sum(here.values()):
        wifi.alone(hotspot.record, chosen)
        here = hotspot.stations()
    return here[chosen] == everybody == sum(here.values())


@fault("controller-dead", _WIFI)
def controller_dead(at: At) -> Happening:
    """hostapd is gone without a word."""
    hotspot, _ap = _access_point(at, "")
    wifi.make(hotspot.record, "controller-dead")
    yield _at_once
    wifi.clear(hotspot.record, "controller-dead")
