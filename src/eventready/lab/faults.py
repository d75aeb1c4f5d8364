"""Everything that can go wrong in the lab. The first line of each docstring is what `lab fault --list` shows."""

from __future__ import annotations

from eventready.checks.ports import port_key
from eventready.lab.fault import FAULTS, On, fault
from eventready.lab.state import AlarmState, ApState, CellState, Gateway, Port, SiteState, Static

__all__ = ["FAULTS"]

_ROUTER = ("router",)
_PORTS = ("router", "wifi_controller")
_BTS = ("bts_controller",)
_WIFI = ("wifi_controller",)
_DARK_DBM = -40.0


# --- ports ------------------------------------------------------------------------------------------------------


def _port(on: On, name: str) -> Port:
    """The named port, or the first one with a cable or an uplink."""
    ports = on.state.ports
    if not name:
        chosen = next((port for port in ports.values() if port.neighbour or port.description == "uplink"), None)
    else:
        chosen = next((port for port in ports.values() if port_key(port.name) == port_key(name)), None)
    if chosen is None:
        raise on.refuse(f"port {name}".strip(), list(ports))
    return chosen


def _lose_carrier(on: On, device: str, port: Port) -> None:
    state = on.state if device == on.state.name else on.other(device)
    if state is None:
        return
    port.link_up = False
    if port.light:
        port.light.rx_dbm = _DARK_DBM
    ways = {port.name}
    for bundle in state.bundles:
        left = [name for name in bundle.members if name in state.ports and state.ports[name].link_up]
        if port.name in bundle.members and len(left) < bundle.min_links:
            ways.add(bundle.name)
            state.ports[bundle.name].link_up = False
    for peer in state.peers:
        peer.up = peer.up and peer.interface not in ways
    for session in state.bfd:
        session.up = session.up and session.interface not in ways
    for gateway in state.gateways:
        gateway.state = "init" if gateway.interface in ways else gateway.state


@fault("link-down", roles=_PORTS)
def link_down(on: On, port: str = "") -> None:
    """A cable loses its carrier: the port, its far end, and what ran over it are down."""
    near = _port(on, port)
    _lose_carrier(on, on.state.name, near)
    if near.neighbour:
        name, far_port = near.neighbour
        far = on.other(name)
        if far and far_port in far.ports:
            _lose_carrier(on, name, far.ports[far_port])


@fault("port-shut", roles=_PORTS)
def port_shut(on: On, port: str = "") -> None:
    """A port is shut in the configuration, and its far end has no carrier."""
    link_down(on, port)
    _port(on, port).admin_up = False


@fault("optic-low", roles=_ROUTER)
def optic_low(on: On, port: str = "", dbm: float = -17.2) -> None:
    """A port receives little light: a bent or dirty fibre. The link stays up."""
    chosen = _port(on, port)
    if chosen.light is None:
        raise on.refuse(f"light on {chosen.name}", [name for name, port in on.state.ports.items() if port.light])
    chosen.light.rx_dbm = dbm


@fault("errors", roles=_PORTS)
def errors(on: On, port: str = "", per_second: float = 40.0) -> None:
    """A port counts input and CRC errors while the link is up."""
    _port(on, port).error_rate = per_second


@fault("congested", roles=_PORTS)
def congested(on: On, port: str = "", percent: int = 92) -> None:
    """A port is nearly full, in both directions."""
    chosen = _port(on, port)
    chosen.in_bps = chosen.out_bps = chosen.speed_bps * percent // 100


@fault("wrong-cable", roles=_PORTS)
def wrong_cable(on: On, port: str = "", device: str = "unknown-switch", to_port: str = "Gi0/1") -> None:
    """At the far end of a cable answers another device than was declared."""
    _port(on, port).neighbour = (device, to_port)


# --- the box ----------------------------------------------------------------------------------------------------


@fault("psu-failed", roles=_ROUTER)
def psu_failed(on: On, number: int = 2) -> None:
    """A power supply stops."""
    if not 1 <= number <= len(on.state.psus):
        raise on.refuse(f"power supply {number}", [str(n + 1) for n in range(len(on.state.psus))])
    on.state.psus[number - 1] = False


@fault("fan-failed", roles=_ROUTER)
def fan_failed(on: On, number: int = 1) -> None:
    """A fan stops."""
    if not 1 <= number <= len(on.state.fans):
        raise on.refuse(f"fan {number}", [str(n + 1) for n in range(len(on.state.fans))])
    on.state.fans[number - 1] = False


@fault("high-cpu", roles=_PORTS)
def high_cpu(on: On, percent: int = 93) -> None:
    """The processor is nearly always busy."""
    on.state.cpu_percent = percent


@fault("high-memory", roles=_PORTS)
def high_memory(on: On, percent: int = 94) -> None:
    """The memory is nearly full."""
    on.state.memory_percent = percent


@fault("hot", roles=_ROUTER)
def hot(on: On, celsius: int = 88) -> None:
    """The box is too hot: the cooling of the room has failed."""
    on.state.temperature_c = celsius


@fault("restarted")
def restarted(on: On, seconds_ago: int = 1_800) -> None:
    """The device restarted a short while ago."""
    on.state.uptime_s = seconds_ago


@fault("unsaved-config", roles=_PORTS)
def unsaved_config(on: On) -> None:
    """Somebody changed the configuration and did not save it."""
    on.machine.forget_saving()


@fault("ntp-lost", roles=_PORTS)
def ntp_lost(on: On) -> None:
    """The clock is no longer synchronised."""
    on.state.ntp_synchronised = False


@fault("syslog-lost", roles=_PORTS)
def syslog_lost(on: On) -> None:
    """No remote host receives the log."""
    on.state.log_hosts.clear()


# --- routing ----------------------------------------------------------------------------------------------------


@fault("neighbour-lost", roles=_ROUTER)
def neighbour_lost(on: On, peer: str = "", protocol: str = "") -> None:
    """A routing neighbour is not up (OSPF stuck, BGP down) although the link is; BFD stays up."""
    for neighbour in on.state.peers:
        named = peer in (neighbour.peer, neighbour.address, "")
        if named and protocol in (neighbour.protocol, ""):
            neighbour.up = False
            return
    raise on.refuse(f"neighbour {protocol} {peer}".rstrip(), [f"{n.protocol} {n.peer}" for n in on.state.peers])


@fault("bfd-down", roles=_ROUTER)
def bfd_down(on: On, peer: str = "") -> None:
    """Packets are lost in silence: the port stays up, BFD and every neighbour that follows it are down."""
    session = next((session for session in on.state.bfd if peer in (session.peer, "")), None)
    if session is None:
        raise on.refuse(f"BFD session to {peer}", [session.peer for session in on.state.bfd])
    session.up = False
    for neighbour in on.state.peers:
        if neighbour.bfd and neighbour.interface == session.interface and session.peer == neighbour.address:
            neighbour.up = False


def _statics(on: On) -> list[Static]:
    if not on.state.statics:
        raise on.refuse("static default route", [])
    return on.state.statics


@fault("unwatched-route", roles=_ROUTER)
def unwatched_route(on: On) -> None:
    """The static default route has neither BFD nor tracking: its backup would never take over."""
    for route in _statics(on):
        route.track, route.bfd = "", False


@fault("no-backup-route", roles=_ROUTER)
def no_backup_route(on: On) -> None:
    """The backup of the default route is gone."""
    if len(_statics(on)) < 2:
        raise on.refuse("backup of its default route", [])
    del _statics(on)[1:]


@fault("no-default-route", roles=_ROUTER)
def no_default_route(on: On) -> None:
    """No default route is left."""
    _statics(on).clear()


def _gateway(on: On, group: int) -> Gateway:
    chosen = next((gateway for gateway in on.state.gateways if group in (gateway.group, -1)), None)
    if chosen is None:
        raise on.refuse(f"group {group}", [str(gateway.group) for gateway in on.state.gateways])
    return chosen


@fault("two-masters", roles=_ROUTER)
def two_masters(on: On, group: int = -1) -> None:
    """The members of a VRRP or HSRP group do not hear each other: both are master."""
    mine = _gateway(on, group)
    for name in [name for name in on.machines if name != on.state.name]:
        far = on.peek(name)
        for number, theirs in enumerate(far.gateways):
            if (theirs.protocol, theirs.group, theirs.virtual_ip) == (mine.protocol, mine.group, mine.virtual_ip):
                other = on.other(name)
                if other:
                    other.gateways[number].state = mine.state = "master"


@fault("gateway-lost", roles=_ROUTER)
def gateway_lost(on: On, group: int = -1) -> None:
    """The device is no longer a member of a VRRP or HSRP group: the other one stands alone."""
    on.state.gateways.remove(_gateway(on, group))


# --- base stations ----------------------------------------------------------------------------------------------


def _cell(on: On, name: str) -> CellState:
    chosen = next((cell for cell in on.state.cells if name in (cell.name, "")), None)
    if chosen is None:
        raise on.refuse(f"cell {name}", [cell.name for cell in on.state.cells])
    return chosen


def _site(on: On, name: str) -> SiteState:
    chosen = next((site for site in on.state.sites if name in (site.name, "")), None)
    if chosen is None:
        raise on.refuse(f"site {name}", [site.name for site in on.state.sites])
    return chosen


def _raise_alarm(on: On, severity: str, name: str, location: str) -> None:
    """Huawei's equipment keeps a list of alarms; OsmoBSC keeps none."""
    if on.machine.dialect.transport == "mml":
        number = 1 + max((alarm.number for alarm in on.state.alarms), default=20_000)
        on.state.alarms.append(AlarmState(number, severity, name, location))


@fault("cell-blocked", roles=_BTS)
def cell_blocked(on: On, cell: str = "") -> None:
    """Somebody blocked (locked) a cell: it carries no calls."""
    chosen = _cell(on, cell)
    chosen.blocked = True
    chosen.up = False


@fault("cell-down", roles=_BTS)
def cell_down(on: On, cell: str = "") -> None:
    """A cell is out of service, and an alarm says so where there are alarms."""
    chosen = _cell(on, cell)
    chosen.up = False
    _raise_alarm(on, "Major", "Cell Unavailable", f"Cell Name={chosen.name}")


@fault("cell-barred", roles=_BTS)
def cell_barred(on: On, cell: str = "") -> None:
    """A cell is barred: phones may not use it."""
    _cell(on, cell).barred = True


@fault("channels-full", roles=_BTS)
def channels_full(on: On, cell: str = "", refused_per_second: float = 1.2) -> None:
    """All channels of a cell are taken, and calls are refused."""
    chosen = _cell(on, cell)
    chosen.channels = {kind: (total, total) for kind, (_, total) in chosen.channels.items()}
    chosen.request_rate, chosen.refused_rate = 3.0, refused_per_second


@fault("bts-link-lost", roles=_BTS)
def bts_link_lost(on: On, site: str = "") -> None:
    """A base station has lost its link to the controller: its cells are down."""
    chosen = _site(on, site)
    chosen.link = "down"
    for cell in on.state.cells:
        if cell.site == chosen.name:
            cell.up = False
    _raise_alarm(on, "Critical", "OML Fault", f"Site Name={chosen.name}")


@fault("bts-degraded", roles=_BTS)
def bts_degraded(on: On, site: str = "") -> None:
    """A base station is managed and cannot carry calls (OML without RSL)."""
    chosen = _site(on, site)
    chosen.link = "degraded"
    for cell in on.state.cells:
        if cell.site == chosen.name:
            cell.up = False


@fault("core-link-down", roles=_BTS)
def core_link_down(on: On, link: str = "") -> None:
    """A link to the core (MSC, S1) is down."""
    name = link or next(iter(on.state.core_links), "")
    if name not in on.state.core_links:
        raise on.refuse(f"core link {link}", list(on.state.core_links))
    on.state.core_links[name] = False
    _raise_alarm(on, "Critical", "Core Link Fault", f"Link No.={name}")


@fault("alarm", roles=_BTS, transports=("mml",))
def alarm(on: On, name: str = "Battery Low", severity: str = "Major", location: str = "Cabinet No.=0") -> None:
    """An alarm is active on the controller."""
    _raise_alarm(on, severity, name, location)


# --- WiFi -------------------------------------------------------------------------------------------------------


def _ap(on: On, name: str) -> ApState:
    chosen = next((ap for ap in on.state.aps if name in (ap.name, "")), None)
    if chosen is None:
        raise on.refuse(f"access point {name}", [ap.name for ap in on.state.aps])
    return chosen


@fault("ap-lost", roles=_WIFI)
def ap_lost(on: On, ap: str = "") -> None:
    """An access point has left the controller."""
    chosen = _ap(on, ap)
    chosen.up = False
    for radio in chosen.radios:
        radio.up, radio.clients = False, 0


@fault("radio-down", roles=_WIFI)
def radio_down(on: On, ap: str = "", band: str = "5") -> None:
    """One radio of an access point is off."""
    for radio in _ap(on, ap).radios:
        if radio.band == band:
            radio.up, radio.clients = False, 0


@fault("ap-crowded", roles=_WIFI)
def ap_crowded(on: On, ap: str = "", clients: int = 78) -> None:
    """All stations are on one access point while the others are idle."""
    chosen = _ap(on, ap)
    for other in on.state.aps:
        for radio in other.radios:
            radio.clients = 0
            radio.utilisation = min(radio.utilisation, 6)
    for radio in chosen.radios:
        radio.clients, radio.utilisation = (clients, 84) if radio.band == "5" else (clients // 3, 61)


@fault("channel-busy", roles=_WIFI)
def channel_busy(on: On, ap: str = "", band: str = "5", percent: int = 88) -> None:
    """The channel of a radio is busy nearly all the time."""
    for radio in _ap(on, ap).radios:
        if radio.band == band:
            radio.utilisation = percent


@fault("noise", roles=_WIFI)
def noise(on: On, ap: str = "", band: str = "5", dbm: int = -74) -> None:
    """A radio hears strong noise: a jammer, a microwave oven, a screen."""
    for radio in _ap(on, ap).radios:
        if radio.band == band:
            radio.noise_dbm = dbm


@fault("radius-down", roles=_WIFI)
def radius_down(on: On, host: str = "") -> None:
    """An authentication server does not answer."""
    name = host or next(iter(on.state.radius), "")
    if name not in on.state.radius:
        raise on.refuse(f"RADIUS server {host}", list(on.state.radius))
    on.state.radius[name] = False


@fault("controller-failover", roles=_WIFI)
def controller_failover(on: On) -> None:
    """The pair has no standby that is ready: one half has taken over, and the other has not come back."""
    if not on.state.pair_mode:
        raise on.refuse("second controller", [])
    on.state.pair_ready = False
    other = on.other(on.state.pair_peer)
    if other:
        other.pair_ready = False


# --- the wire ---------------------------------------------------------------------------------------------------


@fault("slow")
def slow(on: On, seconds: float = 3.0) -> None:
    """Every answer takes some seconds."""
    on.wire.delay_s = seconds


@fault("hang")
def hang(on: On) -> None:
    """The device lets us in, takes commands and never answers."""
    on.wire.hang = True


@fault("silent")
def silent(on: On) -> None:
    """The device accepts the connection and never says a word."""
    on.wire.silent = True


@fault("session-drop")
def session_drop(on: On, after: int = 3) -> None:
    """The session ends in the middle of an answer."""
    on.wire.drop_after = after


@fault("garbage")
def garbage(on: On) -> None:
    """Answers are bytes that are no text."""
    on.wire.garbage = True


@fault("truncated")
def truncated(on: On) -> None:
    """Answers end in the middle, and the prompt follows."""
    on.wire.truncated = True


@fault("auth-refused")
def auth_refused(on: On) -> None:
    """No password is good; an element behind a manager is not given to us."""
    on.wire.auth_refused = True


@fault("pager-stuck", transports=("ssh", "telnet"))
def pager_stuck(on: On) -> None:
    """Paging cannot be switched off."""
    if on.machine.dialect.paging is None:
        raise on.refuse("pager", [])
    on.wire.pager_stuck = True


@fault("prompt-log-line")
def prompt_log_line(on: On) -> None:
    """A log line appears within the prompt; with MML an alarm report comes between."""
    on.wire.log_in_prompt = True


@fault("changed-host-key", transports=("ssh",))
def changed_host_key(on: On) -> None:
    """The device shows another host key than the one recorded."""
    on.wire.other_key = True
