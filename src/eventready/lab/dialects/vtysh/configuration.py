"""The configuration of an FRR router. Its routes are the state's, so that a fault shows in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import IPv4Network

from eventready.lab.configuration import Grammar, Section, Tree
from eventready.lab.dialect import View
from eventready.lab.state import DeviceState, Port, Static

GRAMMAR = Grammar(
    sections=(
        Section(r"interface \S+", "if"),
        Section(r"router (?:ospf|bgp \d+|isis \S+|ospf6|rip)", "router"),
        Section(r"address-family \S+ \S+", "af", "router"),
        Section(r"bfd", "bfd"),
        Section(r"profile \S+", "bfd-profile", "bfd"),
        Section(r"peer \S+.*", "bfd-peer", "bfd"),
        Section(r"route-map \S+ (?:permit|deny) \d+", "route-map"),
        Section(r"pbr-map \S+ seq \d+", "pbr-map"),
        Section(r"vrf \S+", "vrf"),
    ),
    accepts={
        "config": (
            r"(?:hostname|ip|ipv6|log|service|frr|access-list|password|enable|debug|zebra|vrf|pbr|no)\b",
            r"(?:interface|router|bfd|route-map|pbr-map|line|banner|key|nexthop-group|mpls|agentx|allow-external)\b",
        ),
        "if": (r"(?:description|ip|ipv6|shutdown|vrrp|bandwidth|link-detect|pbr-policy|isis|mpls|multicast)\b",),
    },
    top_level=(r"interface \S+", r"router \S+(?: \S+)?", r"ip route .+", r"hostname \S+"),
    single=(
        r"hostname",
        r"description",
        r"vrrp \d+ priority",
        r"ip ospf cost",
        r"transmit-interval",
        r"receive-interval",
    ),
    defaults=(r"no shutdown", r"vrrp \d+ priority 100"),
)


def _route_line(route: Static) -> str:
    parts = [f"ip route {route.prefix} {route.next_hop}", route.interface]
    parts += [str(route.distance) if route.distance != 1 else "", "bfd" if route.bfd or route.track else ""]
    return " ".join(part for part in parts if part)


def _route(line: str) -> Static | None:
    match = re.fullmatch(
        r"ip route (\S+/\d+) (\d+(?:\.\d+){3})(?: (?!bfd)([A-Za-z]\S*))?(?: tag \d+)?(?: (\d+))?(?: (bfd.*))?", line
    )
    if not match:
        return None
    try:
        prefix = str(IPv4Network(match[1], strict=False))
    except ValueError:
        return None
    return Static(prefix, match[2], match[3] or "", int(match[4] or 1), "", bool(match[5]))


def _port_lines(state: DeviceState, port: Port) -> Iterator[str]:
    lines = [f" description {port.description}"] if port.description else []
    if port.address:
        lines.append(f" ip address {port.address}/{32 if port.name == 'lo' else 30}")
    if any(peer.protocol == "ospf" and peer.interface == port.name for peer in state.peers):
        lines += [" ip ospf area 0", " ip ospf bfd", " ip ospf network point-to-point"]
    for group in state.gateways:
        if group.interface == port.name and group.protocol == "vrrp":
            lines.append(f" vrrp {group.group}")
            lines += [f" vrrp {group.group} priority {group.priority}"] if group.priority != 100 else []
            lines.append(f" vrrp {group.group} ip {group.virtual_ip}")
    if not port.admin_up:
        lines.append(" shutdown")
    if lines:
        yield f"interface {port.name}"
        yield from lines


def initial(state: DeviceState) -> str:
    """The configuration that a healthy router of this state has."""
    lines = [f"hostname {state.hostname or state.name}", "log syslog informational", "no ipv6 forwarding"]
    lines += ["service integrated-vtysh-config", *(_route_line(route) for route in state.statics)]
    for port in state.ports.values():
        lines += _port_lines(state, port)
    bgp = [peer for peer in state.peers if peer.protocol == "bgp"]
    if bgp:
        lines += [f"router bgp {state.local_as}", *(f" neighbor {one.peer} remote-as {one.remote_as}" for one in bgp)]
    if any(peer.protocol == "ospf" for peer in state.peers):
        lines += ["router ospf", f" ospf router-id {state.router_id}" if state.router_id else " maximum-paths 4"]
    return "\n".join([*lines, "bfd", " profile fast", "  transmit-interval 100", "  receive-interval 100"])


def applied(state: DeviceState, tree: Tree) -> None:
    """Ports that are shut, the host's name and the routes follow the configuration."""
    for name, port in state.ports.items():
        section = tree.get(f"interface {name}", {})
        port.admin_up = "shutdown" not in section
        named = next((line for line in section if line.startswith("description ")), "")
        port.description = named.removeprefix("description ")
    state.hostname = next((line.split(" ", 1)[1] for line in tree if line.startswith("hostname ")), state.hostname)
    state.statics = [route for line in tree if (route := _route(line))]


def _told(view: View) -> str:
    """The running configuration with the state's routes, so that a fault shows in it."""
    routes = [_route_line(route) for route in view.state.statics]
    lines: list[str] = []
    for line in view.running_text.splitlines():
        if _route(line):
            lines, routes = lines + routes, []
        else:
            lines.append(line)
    if routes:
        starts = ("interface ", "router ", "bfd")
        at = next((at for at, line in enumerate(lines) if line.startswith(starts)), len(lines))
        lines[at:at] = routes
    return "\n".join(lines)


def running(view: View) -> str:
    """`show running-config`."""
    return f"Building configuration...\n\nCurrent configuration:\n!\n{_told(view)}"
