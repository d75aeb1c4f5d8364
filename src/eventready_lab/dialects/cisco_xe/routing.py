"""IOS XE answers about routing: neighbours, BFD, gateway groups, the default route."""

from __future__ import annotations

from eventready_lab.device.state import Gateway, Peer
from eventready_lab.device.view import STATION, View
from eventready_lab.dialects._shared.forwarding import connected, in_use, learned, network
from eventready_lab.dialects.cisco_xe.formats import short_duration, short_name

_NO_ADDRESS = "0.0.0.0"  # noqa: S104  shown in place of an absent address; nothing is bound


def _peers(view: View, protocol: str) -> list[Peer]:
    return [peer for peer in view.state.peers if peer.protocol == protocol]


def ospf(view: View) -> str:
    """`show ip ospf neighbor`; empty without neighbours."""
    peers = _peers(view, "ospf")
    if not peers:
        return ""
    lines = ["", "Neighbor ID     Pri   State           Dead Time   Address         Interface"]
    for peer in peers:
        state = "FULL/  -" if peer.up else "INIT/  -"
        lines.append(
            f"{peer.peer:<15} {0:>3}   {state:<15} 00:00:3{len(peer.peer) % 10}    {peer.address or _NO_ADDRESS:<15} "
            f"{peer.interface or 'Null0'}"
        )
    return "\n".join(lines)


def isis(view: View) -> str:
    """`show isis neighbors`."""
    lines = ["", "Tag 1:", "System Id       Type Interface     IP Address      State Holdtime Circuit Id"]
    for number, peer in enumerate(_peers(view, "isis"), 1):
        word = "UP" if peer.up else "INIT"
        lines.append(
            f"{peer.peer:<15} L2   {short_name(peer.interface) or 'Nu0':<13} {peer.address or _NO_ADDRESS:<15} "
            f"{word:<5} {26:<8} {number:02}"
        )
    return "\n".join(lines)


def bgp(view: View) -> str:
    """`show ip bgp summary`."""
    peers = _peers(view, "bgp")
    if not peers:
        return "% BGP not active"
    total = max((peer.prefixes for peer in peers if peer.up), default=0)
    lines = [
        f"BGP router identifier {view.state.router_id or _NO_ADDRESS}, local AS number {view.state.local_as}",
        f"BGP table version is {total + 1}, main routing table version {total + 1}",
        f"{total} network entries using {total * 248} bytes of memory",
        f"{2 * total} path entries using {total * 272} bytes of memory",
        "11/11 BGP path/bestpath attribute entries using 3168 bytes of memory",
        "3 BGP AS-PATH entries using 72 bytes of memory",
        "0 BGP route-map cache entries using 0 bytes of memory",
        "0 BGP filter-list cache entries using 0 bytes of memory",
        f"BGP using {total * 520 + 3240} total bytes of memory",
        f"BGP activity {total}/0 prefixes, {2 * total}/0 paths, scan interval 60 secs",
        "",
        "Neighbor        V           AS MsgRcvd MsgSent   TblVer  InQ OutQ Up/Down  State/PfxRcd",
    ]
    for peer in peers:
        since = short_duration(view.uptime_s) if peer.up else "never"
        last = f"{peer.prefixes:>8}" if peer.up else "Active"
        messages = view.uptime_s // 30 if peer.up else 0
        figures = f"{messages:>7} {messages:>7} {total + 1:>8} {0:>4} {0:>4}"
        lines.append(f"{peer.peer:<15} 4 {peer.remote_as:>12} {figures} {since:<8} {last}")
    return "\n".join(lines)


def bfd(view: View) -> str:
    """`show bfd neighbors`; empty without sessions."""
    if not view.state.bfd:
        return ""
    lines = ["", "IPv4 Sessions", "NeighAddr                              LD/RD         RH/RS     State     Int"]
    for number, session in enumerate(view.state.bfd, 4097):
        word = "Up" if session.up else "Down"
        pair = f"{number}/{number if session.up else 0}"
        lines.append(f"{session.peer:<37}{pair:<18}{word:<10}{word:<10}{short_name(session.interface)}")
    return "\n".join(lines)


def _groups(view: View, protocol: str) -> list[Gateway]:
    return [gateway for gateway in view.state.gateways if gateway.protocol == protocol]


def standby(view: View) -> str:
    """`show standby brief`; a long interface name wraps."""
    lines = [
        "                     P indicates configured to preempt.",
        "                     |",
        "Interface   Grp  Pri P State   Active          Standby         Virtual IP",
    ]
    for group in _groups(view, "hsrp"):
        word, active, other = {
            "master": ("Active", "local", group.peer or "unknown"),
            "backup": ("Standby", group.peer or "unknown", "local"),
        }.get(group.state, ("Init", "unknown", "unknown"))
        name = short_name(group.interface)
        if len(name) > 11:
            lines.append(name + " ")
            name = ""
        lines.append(
            f"{name:<11} {group.group:<4} {group.priority:<3} {'P' if group.preempt else ' '} {word:<7} {active:<15} "
            f"{other:<15} {group.virtual_ip}"
        )
    return "\n".join(lines)


def standby_groups(view: View) -> str:
    """`show standby`: every group with its timers and tracking."""
    return "\n".join(line for group in _groups(view, "hsrp") for line in _standby_group(group))


def _standby_group(group: Gateway) -> list[str]:
    state = {"master": "Active", "backup": "Standby"}.get(group.state, "Init")
    active = {"master": "local", "backup": group.peer or "unknown"}.get(group.state, "unknown")
    standby = {"master": group.peer or "unknown", "backup": "local"}.get(group.state, "unknown")
    mac = f"0000.0c07.ac{group.group % 256:02x}"
    return [
        f"{group.interface} - Group {group.group}",
        f"  State is {state}",
        "    2 state changes, last state change 5d11h",
        f"  Virtual IP address is {group.virtual_ip}",
        f"  Active virtual MAC address is {mac} ({'MAC In Use' if state == 'Active' else 'MAC Not In Use'})",
        f"    Local virtual MAC address is {mac} (v1 default)",
        f"  Hello time {_seconds(group.hold_ms // 3)}, hold time {_seconds(group.hold_ms)}",
        "    Next hello sent in 0.656 secs",
        f"  Preemption {'enabled' if group.preempt else 'disabled'}",
        f"  Active router is {active}",
        f"  Standby router is {standby}",
        f"  Priority {group.priority} ({'configured' if group.priority != 100 else 'default'} {group.priority})",
        *_tracked(group),
        f'  Group name is "hsrp-{short_name(group.interface)}-{group.group}" (default)',
        "  FLAGS: 1/1",
    ]


def _seconds(milliseconds: int) -> str:
    """Format a timer: in seconds from 1 s on."""
    return f"{milliseconds // 1000} sec" if milliseconds >= 1000 else f"{milliseconds} msec"


def _tracked(group: Gateway) -> list[str]:
    """The lines of tracked objects, such as `10 decrement 30`."""
    tracked = (one.partition(" ") for one in group.tracks)
    return [f"    Track object {number} state Up {action or 'decrement 10'}" for number, _, action in tracked]


def vrrp_groups(view: View) -> str:
    """`show vrrp all`: every group with its timers and tracking."""
    return "\n\n".join("\n".join(_vrrp_group(view, group)) for group in _groups(view, "vrrp"))


def _vrrp_group(view: View, group: Gateway) -> list[str]:
    port = view.state.ports.get(group.interface)
    own = (port.address if port else "") or _NO_ADDRESS
    master = {"master": f"{own} (local)", "backup": group.peer or _NO_ADDRESS}.get(group.state, "unknown")
    interval = f"{group.advertisement_ms / 1000:.3f} sec"
    return [
        f"{group.interface} - Group {group.group}",
        f"  State is {group.state.capitalize()}",
        f"  Virtual IP address is {group.virtual_ip}",
        f"  Virtual MAC address is 0000.5e00.01{group.group % 256:02x}",
        f"  Advertisement interval is {interval}",
        f"  Preemption {'enabled' if group.preempt else 'disabled'}",
        f"  Priority is {group.priority}",
        *_tracked(group),
        f"  Master Router is {master}, priority is {group.priority if group.state == 'master' else 'unknown'}",
        f"  Master Advertisement interval is {interval if group.state != 'init' else 'unknown'}",
        f"  Master Down interval is {group.takeover_ms / 1000:.3f} sec",
    ]


def vrrp(view: View) -> str:
    """`show vrrp brief`."""
    lines = ["Interface          Grp Pri Time  Own Pre State   Master addr     Group addr"]
    for group in _groups(view, "vrrp"):
        word = {"master": "Master", "backup": "Backup"}.get(group.state, "Init")
        port = view.state.ports.get(group.interface)
        own = (port.address if port else "") or _NO_ADDRESS
        master = {"master": own, "backup": group.peer or _NO_ADDRESS}.get(group.state, _NO_ADDRESS)
        lines.append(
            f"{short_name(group.interface):<18} {group.group:<3} {group.priority:<3} {group.takeover_ms:<4}      "
            f"{' Y' if group.preempt else '  '}  {word:<7} {master:<15} {group.virtual_ip:<15}"
        )
    return "\n".join(lines)


def default_route(view: View) -> str:
    """`show ip route 0.0.0.0`."""
    routes = in_use(view.state)
    if not routes:
        return "% Network not in table"
    lines = [
        "Routing entry for 0.0.0.0/0, supernet",
        f'  Known via "static", distance {routes[0].distance}, metric 0, candidate default path',
        "  Routing Descriptor Blocks:",
    ]
    for at, route in enumerate(routes):
        via = f", via {route.interface}" if route.interface else ""
        lines += [
            f"  {'*' if at == 0 else ' '} {route.next_hop}{via}",
            "      Route metric is 0, traffic share count is 1",
        ]
    return "\n".join(lines)


def route(view: View) -> str:
    """`show ip route ADDRESS`: connected networks and routes of OSPF; an address is never answered with the default
    route."""
    address = view.match["address"]
    port = connected(view.state, address)
    if not port and (found := learned(view.state, address)):
        return "\n".join(
            (
                f"Routing entry for {found.prefix}",
                f'  Known via "ospf {found.process}", distance 110, metric 20, type intra area',
                f"  Last update from {found.next_hop} on {found.interface}, 00:04:11 ago",
                "  Routing Descriptor Blocks:",
                f"  * {found.next_hop}, from {found.next_hop}, 00:04:11 ago, via {found.interface}",
                "      Route metric is 20, traffic share count is 1",
            )
        )
    if not port:
        return "% Network not in table"
    return "\n".join(
        (
            f"Routing entry for {network(address)}",
            '  Known via "connected", distance 0, metric 0 (connected, via interface)',
            "  Routing Descriptor Blocks:",
            f"  * directly connected, via {port}",
            "      Route metric is 0, traffic share count is 1",
        )
    )


def users(view: View) -> str:
    """`show users`: this session, from the station of the operators."""
    return "\n".join(
        (
            "    Line       User       Host(s)              Idle       Location",
            f"*  2 vty 0     {view.user:<10} idle                 00:00:00 {STATION}",
            "",
            "  Interface    User               Mode         Idle     Peer Address",
        )
    )
