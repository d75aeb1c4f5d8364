"""The configuration of an IOS XE router: made from its healthy state, changed line by line, told and compared.

Routes and log hosts are the state's where both speak of them, so that a fault shows in the configuration.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import IPv4Network

from eventready.lab.configuration import Grammar, Section, Tree, parse_tree
from eventready.lab.dialect import View
from eventready.lab.state import DeviceState, Gateway, Port, Static

GRAMMAR = Grammar(
    sections=(
        Section(r"interface \S+(?: ?\d\S*)?", "if"),
        Section(r"router (?:ospf|bgp|isis|eigrp|rip)(?: \S+)?", "router"),
        Section(r"address-family \S+(?: \S+)*", "af", "router"),
        Section(r"ip sla \d+", "sla"),
        Section(r"track \d+ .+", "track"),
        Section(r"route-map \S+(?: (?:permit|deny) \d+)?", "route-map"),
        Section(r"policy-map \S+", "pmap"),
        Section(r"class \S+", "pmap-c", "pmap"),
        Section(r"class-map (?:match-\w+ )?\S+", "cmap"),
        Section(r"ip access-list (?:standard|extended) \S+", "acl"),
        Section(r"line (?:vty|con|aux) \d+(?: \d+)?", "line"),
        Section(r"bfd-template single-hop \S+", "bfd"),
        Section(r"archive", "archive"),
    ),
    accepts={
        "config": (
            r"(?:hostname|ip|ipv6|no|logging|ntp|track|snmp-server|username|enable|service|aaa|banner|clock|lldp|cdp)\b",
            r"(?:route-map|access-list|vrf|spanning-tree|event|key|crypto|line|boot|license|redundancy|fhrp|bfd|alias)\b",
            r"(?:multilink|policy-map|class-map|control-plane|domain|memory|platform|errdisable|interface|router|archive)\b",
        ),
        "if": (
            r"(?:description|ip|ipv6|no|shutdown|standby|vrrp|bfd|mtu|bandwidth|load-interval|negotiation|speed|duplex)\b",
            r"(?:channel-group|lacp|service-policy|encapsulation|carrier-delay|cdp|lldp|switchport|isis|mpls|storm-control)\b",
        ),
    },
    top_level=(
        *(r"interface \S+(?: ?\d\S*)?", r"router \S+(?: \S+)?", r"hostname \S+"),
        *(r"ip route .+", r"logging host .+"),
    ),
    single=(
        r"hostname",
        r"description",
        r"ip address(?! \S+ \S+ secondary)",
        r"mtu",
        r"bandwidth",
        r"load-interval",
        r"standby \d+ (?:ip|priority|timers)",
        r"vrrp \d+ (?:ip|priority)",
        r"bfd interval",
        r"router-id",
        r"ip ospf cost",
    ),
    defaults=(r"no shutdown", r"standby \d+ priority 100", r"vrrp \d+ priority 100"),
)


def route_line(route: Static) -> str:
    """`ip route 0.0.0.0 0.0.0.0 10.0.0.1 200 track 10`."""
    network = IPv4Network(route.prefix, strict=False)
    parts = [f"ip route {network.network_address} {network.netmask}", route.interface, route.next_hop]
    parts += [str(route.distance) if route.distance != 1 else "", f"track {route.track}" if route.track else ""]
    return " ".join(part for part in parts if part)


def _route(line: str) -> Static | None:
    match = re.fullmatch(
        r"ip route (\d\S+) (\d\S+)(?: ([A-Z]\S+))?(?: (\d+(?:\.\d+){3}))?(?: (\d+))?"
        r"(?: (?:tag \d+|name \S+|permanent|track (\d+)))*",
        line,
    )
    if not match:
        return None
    try:
        prefix = str(IPv4Network(f"{match[1]}/{match[2]}", strict=False))
    except ValueError:
        return None
    return Static(prefix, match[4] or "", match[3] or "", int(match[5] or 1), match[6] or "", bool(match[6]))


def _gateway(group: Gateway) -> Iterator[str]:
    word = "standby" if group.protocol == "hsrp" else "vrrp"
    yield f" {word} {group.group} ip {group.virtual_ip}"
    if group.priority != 100:
        yield f" {word} {group.group} priority {group.priority}"
    if group.preempt:
        yield f" {word} {group.group} preempt"


def _port(state: DeviceState, port: Port) -> Iterator[str]:
    yield f"interface {port.name}"
    if port.description:
        yield f" description {port.description}"
    bundle = next((bundle for bundle in state.bundles if port.name in bundle.members), None)
    if port.address:
        mask = "255.255.255.255" if port.name.startswith("Loopback") else "255.255.255.252"
        yield f" ip address {port.address} {mask}"
    else:
        yield " no ip address"
    if any(session.interface == port.name for session in state.bfd):
        yield " bfd interval 300 min_rx 300 multiplier 3"
    for group in state.gateways:
        if group.interface == port.name:
            yield from _gateway(group)
    if bundle:
        yield f" channel-group {bundle.name.removeprefix('Port-channel')} mode active"
    if not port.admin_up:
        yield " shutdown"
    yield "!"


def initial(state: DeviceState) -> str:
    """The configuration that a healthy router of this state has."""
    peers = {protocol: [peer for peer in state.peers if peer.protocol == protocol] for protocol in ("ospf", "bgp")}
    lines = ["service timestamps log datetime msec", f"hostname {state.hostname or state.name}", "!", "lldp run", "!"]
    if any(route.track for route in state.statics):
        target = next(route.next_hop for route in state.statics if route.track)
        lines += ["ip sla 10", f" icmp-echo {target}", " frequency 5", "!", "track 10 ip sla 10 reachability", "!"]
    for port in state.ports.values():
        lines += _port(state, port)
    if peers["ospf"]:
        lines += ["router ospf 1", f" router-id {state.router_id or '10.255.255.254'}", " bfd all-interfaces", "!"]
    if peers["bgp"]:
        lines += [f"router bgp {state.local_as}", " bgp log-neighbor-changes"]
        for peer in peers["bgp"]:
            lines += [f" neighbor {peer.peer} remote-as {peer.remote_as}"]
            lines += [f" neighbor {peer.peer} fall-over bfd"] if peer.bfd else []
        lines += ["!"]
    lines += [route_line(route) for route in state.statics]
    lines += ["logging buffered 1000000", *(f"logging host {host}" for host in state.log_hosts)]
    return "\n".join([*lines, f"ntp server {state.ntp_server}", "line vty 0 4", " transport input ssh", "end"])


def applied(state: DeviceState, tree: Tree) -> None:
    """Ports that are shut, routes and log hosts follow the configuration."""
    for name, port in state.ports.items():
        section = tree.get(f"interface {name}")
        if section is not None:
            port.admin_up = "shutdown" not in section
            named = next((line for line in section if line.startswith("description ")), "")
            port.description = named.removeprefix("description ")
    state.hostname = next((line.split(" ", 1)[1] for line in tree if line.startswith("hostname ")), state.hostname)
    state.statics = [route for line in tree if (route := _route(line))]
    state.log_hosts = [line.split()[2] for line in tree if line.startswith("logging host ")]


def _told(view: View, text: str) -> str:
    """The configuration text with the state's routes and log hosts in the place of its own."""
    lines: list[str] = []
    routes = [route_line(route) for route in view.state.statics]
    hosts = [f"logging host {host}" for host in view.state.log_hosts]
    for line in text.splitlines():
        if _route(line):
            lines, routes = lines + routes, []
        elif line.startswith("logging host "):
            lines, hosts = lines + hosts, []
        else:
            lines.append(line)
    if routes or hosts:
        at = next((at for at, line in enumerate(lines) if line.startswith(("ntp server", "line ", "end"))), len(lines))
        lines[at:at] = [*routes, *hosts]
    return "\n".join(lines)


def running(view: View) -> str:
    """`show running-config`."""
    text = _told(view, view.running_text)
    head = f"Building configuration...\n\nCurrent configuration : {len(text)} bytes\n!"
    return f"{head}\n! Last configuration change by netops\n!\n{text}\n"


def startup(view: View) -> str:
    """`show startup-config`."""
    return f"Using {len(view.startup_text)} out of 33554432 bytes\n!\n{view.startup_text}\n"


def _beyond(tree: Tree, other: Tree, sign: str) -> Iterator[str]:
    for line, children in tree.items():
        if line not in other:
            yield f"{sign}{line}"
            yield from (f" {sign}{child}" for child in children)
            continue
        inner = [f" {sign}{child}" for child in children if child not in other[line]]
        if inner:
            yield line
            yield from inner


def differences(view: View) -> str:
    """`show archive config differences nvram:startup-config system:running-config`."""
    now, then = parse_tree(view.running_text), parse_tree(view.startup_text)
    lines = [*_beyond(now, then, "+"), *_beyond(then, now, "-")]
    if not view.state.saved:
        lines = lines or ["+ntp update-calendar"]
    return "\n".join(["!Contextual Config Diffs:", *(lines or ["!No changes were found"])])
