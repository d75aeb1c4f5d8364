"""VRP answers about neighbours, gateway groups and routes, in the layouts of the S series."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import AddressValueError, IPv4Address

from eventready_lab.device.state import Gateway, Peer, Static
from eventready_lab.device.view import View
from eventready_lab.dialects._shared.forwarding import connected, learned, network
from eventready_lab.dialects.huawei_vrp.effects import DEFAULT_PREFERENCE
from eventready_lab.dialects.huawei_vrp.ports import short, spelt

_RULE = "-" * 80
_NO_ID = ".".join("0000")


def _peers(view: View, protocol: str) -> list[Peer]:
    return [peer for peer in view.state.peers if peer.protocol == protocol]


def ospf(view: View) -> str:
    """`display ospf peer brief`."""
    rule = f" {'-' * 76}"
    rows = []
    for peer in _peers(view, "ospf"):
        state = "Full" if peer.up else "ExStart"
        rows.append(f" 0.0.0.0          {spelt(peer.interface) or '-':<32} {peer.peer:<16} {state:<10}")
    return "\n".join(
        [
            "",
            f"\t OSPF Process 1 with Router ID {view.state.router_id or _NO_ID}",
            "\t\t  Peer Statistic Information",
            rule,
            " Area Id          Interface                        Neighbor id      State    ",
            *rows,
            rule,
        ]
    )


def isis(view: View) -> str:
    """`display isis peer`; a long name wraps."""
    lines = ["", f"{'':26}Peer information for ISIS(1)", ""]
    lines += ["  System Id     Interface          Circuit Id        State HoldTime Type     PRI", _RULE]
    for place, peer in enumerate(_peers(view, "isis"), 1):
        circuit, state = f"{place:010d}", "Up" if peer.up else "Init"
        name, rest = peer.peer[:15], peer.peer[15:]
        lines.append(f"{name:<15} {short(peer.interface) or '-':<18} {circuit:<17} {state:>5} 25s      L2       --")
        lines += [f"{rest:<80}"] if rest else []
    return "\n".join([*lines, "", f"Total Peer(s): {len(_peers(view, 'isis'))}"])


def bgp(view: View) -> str:
    """`display bgp peer`."""
    peers = _peers(view, "bgp")
    count = f"{len(peers):<21} Peers in established state : {sum(peer.up for peer in peers)}"
    lines = [
        "",
        f" BGP local router ID : {view.state.router_id or _NO_ID}",
        f" Local AS number : {view.state.local_as}",
        f" Total number of peers : {count}",
        "",
        "  Peer            V          AS  MsgRcvd  MsgSent  OutQ  Up/Down       State PrefRcv",
    ]
    hours = f"{view.uptime_s // 3600:04d}h{view.uptime_s // 60 % 60:02d}m"
    for peer in peers:
        heard = view.counter(f"{peer.peer} heard", 4_200, 0.02 * peer.up)
        state, since, prefixes = ("Established", hours, peer.prefixes) if peer.up else ("Idle", "00:12:07", 0)
        lines.append(
            f"  {peer.peer:<15} 4 {peer.remote_as:>11} {heard:>8} {heard:>8}     0 {since} {state:>11} {prefixes:>7}"
        )
    return "\n".join(lines)


def bfd(view: View) -> str:
    """`display bfd session all`."""
    heading = "Local Remote     PeerIpAddr      State     Type        InterfaceName            "
    rows = [
        f"{8192 + place:<5} {8192 + place:<10} {session.peer:<15} {'Up' if session.up else 'Down':<9} D_IP_IF     "
        f"{spelt(session.interface) or '-'}"
        for place, session in enumerate(view.state.bfd)
    ]
    up = sum(session.up for session in view.state.bfd)
    total = f"     Total UP/DOWN Session Number : {up}/{len(rows) - up}"
    return "\n".join([_RULE, heading, _RULE, *rows, _RULE, total])


def vrrp(view: View) -> str:
    """`display vrrp brief`."""
    words = {"master": "Master", "backup": "Backup", "init": "Initialize"}
    groups = [gateway for gateway in view.state.gateways if gateway.protocol == "vrrp"]
    rows = [
        f"{group.group:<5} {words[group.state]:<12} {spelt(group.interface):<24} Normal   {group.virtual_ip:<15}"
        for group in groups
    ]
    counts = [sum(group.state == word for group in groups) for word in ("master", "backup", "init")]
    rule = "-" * 64
    total = f"Total:{len(groups)}     Master:{counts[0]}     Backup:{counts[1]}     Non-active:{counts[2]}"
    return "\n".join(["VRID  State        Interface                Type     Virtual IP     ", rule, *rows, rule, total])


def vrrp_groups(view: View) -> str:
    """`display vrrp`: every group with its timers and tracking."""
    lines: list[str] = []
    for group in view.state.gateways:
        if group.protocol == "vrrp":
            lines += ["", *_vrrp_group(view, group)] if lines else _vrrp_group(view, group)
    return "\n".join(lines) if lines else "Info: The VRRP backup group does not exist."


def _vrrp_group(view: View, group: Gateway) -> list[str]:
    port = view.state.ports.get(group.interface)
    own, interval = (port.address if port else "") or _NO_ID, group.advertisement_ms // 1000
    figures = {
        "State": {"master": "Master", "backup": "Backup"}.get(group.state, "Initialize"),
        "Virtual IP": group.virtual_ip,
        "Master IP": {"master": own, "backup": group.peer or _NO_ID}.get(group.state, _NO_ID),
        "PriorityRun": group.priority,
        "PriorityConfig": group.priority,
        "MasterPriority": group.priority if group.state == "master" else 0,
        "Preempt": f"{'YES' if group.preempt else 'NO'}   Delay Time : 0 s",
        "TimerRun": f"{interval} s",
        "TimerConfig": f"{interval} s",
        "Auth type": "NONE",
        "Virtual MAC": f"0000-5e00-01{group.group % 256:02x}",
        "Check TTL": "YES",
        "Config type": "normal-vrrp",
        "Backup-forward": "disabled",
    }
    tracked = [line for one in group.tracks for line in _tracked(one)]
    rows = [f"{name:<16} : {value}" for name, value in figures.items()]
    times = ["Create time      : 2022-04-01 05:41:23", "Last change time : 2022-04-01 05:41:33"]
    return [f"  {group.interface} | Virtual Router {group.group}", *(f"    {row}" for row in [*rows, *tracked, *times])]


def _tracked(setting: str) -> Iterator[str]:
    """The lines of a tracked test, link or session, such as `nqa event uplink reduced 30`."""
    kind, *words = setting.split()
    by = words.index("reduced") if "reduced" in words else len(words)
    name = {"nqa": "NQA", "interface": "IF"}.get(kind, "BFD")
    reduced = words[by + 1] if by < len(words) else "10"
    yield f"Track {name} : {' '.join(words[:by])}   Priority reduced : {reduced}"
    yield f"{name} state : {'success' if kind == 'nqa' else 'UP'}"


def routes(view: View) -> str:
    """`display ip routing-table`: static routes in use and local addresses, of all or of an address."""
    rows = [
        f"{route.prefix:>18}  Static  {_preference(route):<4} 0           RD   {route.next_hop:<15} {port}"
        for route, port in _in_use(view)
    ]
    for port in view.state.ports.values():
        if port.address and port.admin_up and port.link_up:
            prefix = f"{port.address}/32"
            rows.append(f"{prefix:>18}  Direct  0    0            D   127.0.0.1       {spelt(port.name)}")
    wanted = view.match.groupdict().get("address")
    rows = [row for row in rows if not wanted or row.strip().startswith(f"{wanted}/")]
    return "\n".join(
        [
            "Route Flags: R - relay, D - download to fib, T - to vpn-instance",
            "-" * 78,
            "Routing Tables: Public",
            f"         Destinations : {len({row.split()[0] for row in rows}):<8} Routes : {len(rows):<8}",
            "",
            "Destination/Mask    Proto   Pre  Cost      Flags NextHop         Interface",
            "",
            *rows,
        ]
    )


def _preference(route: Static) -> int:
    return route.distance if route.distance > 1 else DEFAULT_PREFERENCE


def _in_use(view: View) -> list[tuple[Static, str]]:
    """(route, outgoing port) of the most preferred usable static routes per prefix."""
    alive = [(route, _way(view, route.next_hop)) for route in view.state.statics if not _withdrawn(view, route)]
    reached = [(route, port) for route, port in alive if port]
    best: dict[str, int] = {}
    for route, _ in reached:
        best[route.prefix] = min(_preference(route), best.get(route.prefix, 255))
    return [(route, port) for route, port in reached if _preference(route) == best[route.prefix]]


def _withdrawn(view: View, route: Static) -> bool:
    watched = route.bfd or bool(route.track)
    return watched and any(session.peer == route.next_hop and not session.up for session in view.state.bfd)


def _way(view: View, hop: str) -> str:
    """The port towards a next hop; empty without an active port."""
    named = next((session.interface for session in view.state.bfd if session.peer == hop and session.interface), "")
    near = [port for port in view.state.ports.values() if port.name == named or _together(port.address, hop)]
    found = near or [port for port in view.state.ports.values() if not port.name.lower().startswith("loopback")]
    return next((spelt(port.name) for port in found if port.admin_up and port.link_up), "")


def _together(one: str, other: str) -> bool:
    """True for the two addresses of a /30."""
    try:
        return int(IPv4Address(one)) >> 2 == int(IPv4Address(other)) >> 2
    except AddressValueError:
        return False


def route(view: View) -> str:
    """`display ip routing-table ADDRESS verbose`: a connected network, else a route of OSPF, else the default routes
    in use."""
    address = view.match["address"]
    if port := connected(view.state, address):
        blocks = [_verbose(network(address), "Direct", 0, address, spelt(port))]
    elif found := learned(view.state, address):
        blocks = [_verbose(found.prefix, "OSPF", 10, found.next_hop, spelt(found.interface), process=found.process)]
    else:
        blocks = [
            _verbose(route.prefix, "Static", _preference(route), route.next_hop, port)
            for route, port in _in_use(view)
            if route.prefix == "0.0.0.0/0"
        ]
    head = [
        "Route Flags: R - relay, D - download to fib, T - to vpn-instance",
        "-" * 78,
        "Routing Table : Public",
        f"Summary Count : {len(blocks)}",
    ]
    return "\n".join([*head, *blocks])


def _verbose(prefix: str, protocol: str, preference: int, hop: str, port: str, *, process: str = "0") -> str:
    return "\n".join(
        (
            "",
            f"Destination: {prefix}",
            f"     Protocol: {protocol:<16} Process ID: {process}",
            f"   Preference: {preference:<22} Cost: 0",
            f"      NextHop: {hop:<16}  Neighbour: 0.0.0.0",
            "        State: Active Adv              Age: 1d01h58m07s",
            "          Tag: 0                  Priority: medium",
            "        Label: NULL                QoSInfo: 0x0",
            "   IndirectID: 0x0",
            f" RelayNextHop: 0.0.0.0           Interface: {port}",
            "     TunnelID: 0x0                   Flags:  D",
        )
    )
