"""The configuration of an IOS XR router: initial form, sections, trial commit, and its effect on the state."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from eventready_lab.device.configuration.grammar import AcceptedLine, Grammar, Section, as_entered
from eventready_lab.device.configuration.tree import Layout, Tree
from eventready_lab.device.dialect import Refused
from eventready_lab.device.state import DeviceState, Gateway, Port, Static
from eventready_lab.device.view import View
from eventready_lab.dialects._shared.state_sync import adopt_lines, adopt_shut, follow_groups

_HOP = r"\d+(?:\.\d+){3}"
_LEAST_S, _MOST_S, _DEFAULT_S = 30, 65_535, 600
#: `commit`, `commit confirmed 300`, `commit confirmed minutes 5`, each with a comment.
COMMIT = r"commit(?P<trial> confirmed(?: (?P<minutes>minutes )?(?P<count>\d+))?)?(?: comment .*)?"
IN_USE = "Cannot enter exclusive mode. A trial commit is underway in another configuration session."

#: Prompts by mode, and the lines that open each mode: mode, name in the prompt, parent, line.
_SECTIONS = (
    ("if", "if", "config", r"interface \S+"),
    ("static", "static", "config", "router static"),
    ("static-af", "static-afi", "static", r"address-family ipv[46] unicast"),
    ("fhrp", "vrrp", "config", r"router (?:vrrp|hsrp)"),
    ("fhrp-if", "vrrp-if", "fhrp", r"interface \S+"),
    ("fhrp-af", "vrrp-address-family", "fhrp-if", r"address-family ipv[46]"),
    ("group", "vrrp-virtual-router", "fhrp-af", r"(?:vrrp|hsrp) \d+(?: version \d)?"),
    ("ospf", "ospf", "config", r"router ospf \S+"),
    ("ospf-area", "ospf-ar", "ospf", r"area \S+"),
    ("ospf-if", "ospf-ar-if", "ospf-area", r"interface \S+"),
    ("bgp", "bgp", "config", r"router bgp \d+"),
    ("bgp-af", "bgp-af", "bgp", r"address-family ipv[46] unicast"),
    ("bgp-nbr", "bgp-nbr", "bgp", r"neighbor \S+"),
    ("bgp-nbr-af", "bgp-nbr-af", "bgp-nbr", r"address-family ipv[46] unicast"),
    ("ipsla", "ipsla", "config", "ipsla"),
    ("ipsla-op", "ipsla-op", "ipsla", r"operation \d+"),
    ("ipsla-echo", "ipsla-icmp-echo", "ipsla-op", "type icmp echo"),
    ("ipsla-sched", "ipsla-sched", "ipsla", r"schedule operation \d+"),
    ("track", "track", "config", r"track \S+"),
    ("cmap", "cmap", "config", r"class-map match-(?:any|all) \S+"),
    ("pmap", "pmap", "config", r"policy-map \S+"),
    ("pmap-c", "pmap-c", "pmap", r"class \S+"),
    ("acl", "ipv4-acl", "config", r"ipv4 access-list \S+"),
    ("line", "line", "config", r"line \S.*"),
)
PROMPTS = {mode: f"RP/0/RP0/CPU0:{{host}}(config-{name})#" for mode, name, _parent, _line in _SECTIONS}


def _rule(section: Tree, line: str) -> AcceptedLine | None:
    """Give an unnumbered line of an access list the next number; a number is used once."""
    numbers = {int(one.split(" ")[0]): one for one in section}
    if re.match(r"(?:permit|deny|remark) ", line):
        return AcceptedLine(line=f"{max(numbers, default=0) + 10} {line}")
    match = re.fullmatch(r"(\d+) (?:permit|deny|remark) .*", line)
    if match and numbers.get(int(match[1]), line) != line:
        return AcceptedLine({(line if one == numbers[int(match[1])] else one): {} for one in section})
    return None


def _class_map(section: Tree, line: str) -> AcceptedLine | None:
    """A class map keeps its kind."""
    match = re.fullmatch(r"class-map match-(any|all) (\S+)", line)
    other = match and f"class-map match-{'all' if match[1] == 'any' else 'any'} {match[2]}"
    return AcceptedLine(answer="% Invalid input: the class map has another kind") if other in section else None


def _interpret(mode: str, section: Tree, line: str) -> AcceptedLine | None:
    if mode == "config":
        return _class_map(section, line)
    return _rule(section, line) if mode == "acl" else None


GRAMMAR = Grammar(
    sections=tuple(Section(line, mode, parent) for mode, _name, parent, line in _SECTIONS),
    accepts={
        "config": (
            r"hostname \S", r"interface \S", r"router (?:static|vrrp|hsrp|ospf|bgp|isis)\b", r"ipsla$", r"track \S",
            r"class-map match-", r"policy-map \S", r"ipv4 access-list \S", r"logging \S", r"ntp\b", r"line \S",
            r"lldp$", r"ssh \S", r"cef \S",
        ),
        "if": (
            r"description \S", r"ipv4 address \S", r"shutdown$", r"mtu \d", r"bundle (?:id|minimum-active) \S",
            r"service-policy (?:input|output) \S+$", r"ipv4 access-group \S", r"encapsulation dot1q \d",
        ),
        "static-af": (rf"\d\S+/\d+(?: [A-Z]\S+)?(?: {_HOP})?(?: \d+)?(?: track \S+| bfd fast-detect\b.*)?$",),
        "group": (
            r"address \S+(?: secondary)?$", r"priority (?:[1-9]\d?|1\d\d|2[0-4]\d|25[0-4])$",
            r"preempt(?: (?:disable|delay \d+))?$", r"track object \S+(?: \d+)?$", r"timer \d", r"bfd fast-detect",
        ),
        "pmap-c": (
            r"priority level [12]$", r"police rate percent (?:[1-9]\d?|100)$", r"shape average ",
            r"bandwidth (?:remaining )?percent (?:[1-9]\d?|100)$", r"queue-limit \S", r"random-detect\b",
        ),
        "pmap": (r"class \S+$",),
        "cmap": (r"match (?:dscp|precedence|access-group ipv4|protocol) \S", r"description "),
        "track": (r"type rtr \d+ reachability$", r"delay (?:up|down) \d+$"),
        "ipsla-op": ("type icmp echo$",),
        "ipsla-echo": (r"destination address \S+$", r"source address \S+$", r"(?:frequency|timeout) \d+$"),
        "ipsla-sched": (r"start-time now$", r"life (?:forever|\d+)$"),
    },
    single=(
        r"description ", r"ipv4 address(?!.* secondary)", r"mtu ", r"bundle (?:id|minimum-active links) ", r"shutdown",
        r"service-policy (?:input|output) ", rf"\d\S+/\d+(?: [A-Z]\S+)?(?: {_HOP})?(?= |$)",
        r"(?:priority|preempt|timer)(?= |$)", r"track object \S+", r"address (?!.*secondary|-)", r"type rtr ",
        r"delay (?:up|down) ", r"(?:destination|source) address ", r"(?:frequency|timeout|life|start-time) ",
        r"maximum(?:-paths (?:ebgp|ibgp)| paths) ", r"priority level ", r"police rate ",
        r"bandwidth (?:remaining )?(?:percent )?(?=\d)",
        r"hostname ",
    ),
    order={
        "config": (
            r"hostname", r"logging", r"ntp", r"lldp", r"ipv4 access-list", r"class-map", r"policy-map", r"interface",
            r"router static", r"router ospf", r"router bgp", r"router hsrp", r"router vrrp", r"ipsla", r"track",
            r"line", r"ssh",
        ),
        **dict.fromkeys(("if", "static-af", "group", "track", "ipsla-echo", "ipsla-sched", "cmap", "pmap-c"), ()),
        "acl": (r"\d",),
        "pmap": (r"class (?!class-default)", r"class class-default"),
    },
    keys={r"class (?!class-default)": as_entered},
    permanent=(r"interface (?!Loopback|Bundle)\S+",),
    leaves_sections=False,
    interpret=_interpret,
)  # fmt: skip


@dataclass(frozen=True)
class XrLayout(Layout):
    """Sections end with `!` at their own depth; class and policy maps with a line of their own before."""

    def text(self, tree: Tree) -> str:
        """The whole configuration, up to `end`."""
        return "\n".join([*_lines(tree, 0), "end"])


def _lines(tree: Tree, depth: int) -> Iterator[str]:
    indent = " " * depth
    for line, children in tree.items():
        yield indent + line
        if children or re.match(r"(?:class|policy)-map |class |address-family |(?:interface|router|track) ", line):
            yield from _lines(children, depth + 1)
            if match := re.match(r"(class|policy)-map ", line):
                yield f"{indent} end-{match[1]}-map"
            yield f"{indent}!"


# --- initial configuration --------------------------------------------------------------------------------------


def initial(state: DeviceState) -> str:
    """The configuration of a healthy router."""
    lines = [f"hostname {state.hostname or state.name}", *(f"logging {host} vrf default" for host in state.log_hosts)]
    lines += ["ntp", f" server {state.ntp_server}", "lldp"]
    for port in state.ports.values():
        lines += _port(state, port)
    lines += ["router static", " address-family ipv4 unicast", *(f"  {_route_line(one)}" for one in state.statics)]
    ospf, bgp = ([peer for peer in state.peers if peer.protocol == one] for one in ("ospf", "bgp"))
    if ospf:
        lines += ["router ospf 1", f" router-id {state.router_id or '10.255.255.254'}", " area 0"]
        lines += [line for peer in ospf for line in (f"  interface {peer.interface}", "   bfd fast-detect")]
    if bgp:
        lines += [f"router bgp {state.local_as}", " address-family ipv4 unicast", "  network 10.0.0.0/8"]
        for peer in bgp:
            lines += [f" neighbor {peer.peer}", f"  remote-as {peer.remote_as}"]
    for protocol in ("hsrp", "vrrp"):
        groups = [group for group in state.gateways if group.protocol == protocol]
        lines += [f"router {protocol}"] if groups else []
        for group in groups:
            lines += [f" interface {group.interface}", "  address-family ipv4", f"   {protocol} {group.group}"]
            lines += [f"    address {group.virtual_ip}", f"    priority {group.priority}"]
            lines += [] if group.preempt else ["    preempt disable"]
    if any(route.track for route in state.statics):
        lines += ["track 10", " type rtr 1 reachability"]
    return "\n".join([*lines, "ssh server v2", "end"])


def _port(state: DeviceState, port: Port) -> Iterator[str]:
    yield f"interface {port.name}"
    if port.description:
        yield f" description {port.description}"
    bundle = next((bundle for bundle in state.bundles if port.name in bundle.members), None)
    if bundle:
        yield f" bundle id {bundle.name.removeprefix('Bundle-Ether')} mode active"
    mine = next((bundle for bundle in state.bundles if bundle.name == port.name), None)
    if mine and mine.min_links > 1:
        yield f" bundle minimum-active links {mine.min_links}"
    if port.address:
        yield f" ipv4 address {port.address} 255.255.255.{'255' if port.name.startswith('Loopback') else '252'}"
    if not port.admin_up:
        yield " shutdown"


def _route_line(route: Static) -> str:
    parts = [route.prefix, route.interface, route.next_hop, str(route.distance) if route.distance != 1 else ""]
    watch = f"track {route.track}" if route.track else "bfd fast-detect" if route.bfd else ""
    return " ".join(part for part in (*parts, watch) if part)


# --- state ------------------------------------------------------------------------------------------------------


def _route(line: str) -> Static | None:
    match = re.fullmatch(
        rf"(\d\S+/\d+)(?: ([A-Z]\S+))?(?: ({_HOP}))?(?: (\d+))?(?: (?:track (\S+)|(bfd fast-detect)\b.*))?", line
    )
    if not match:
        return None
    distance, watched = int(match[4] or 1), bool(match[6] or match[5])
    return Static(match[1], match[3] or "", match[2] or "", distance, match[5] or "", watched)


def _statics(tree: Tree) -> Tree:
    return tree.get("router static", {}).get("address-family ipv4 unicast", {})


def _groups(tree: Tree) -> Iterator[Gateway]:
    for protocol in ("hsrp", "vrrp"):
        for line, families in tree.get(f"router {protocol}", {}).items():
            for named, group in families.get("address-family ipv4", {}).items():
                address = next((one.split(" ")[1] for one in group if one.startswith("address ")), "")
                priority = next((int(one.split(" ")[1]) for one in group if one.startswith("priority ")), 100)
                if address:
                    yield Gateway(
                        protocol, int(named.split(" ")[1]), line.removeprefix("interface "), address,
                        priority=priority, preempt="preempt disable" not in group,
                    )  # fmt: skip


def apply_to_state(state: DeviceState, tree: Tree) -> None:
    """Update ports, bundles, gateway groups, routes, log hosts and host name from the configuration."""
    for name, port in state.ports.items():
        section = tree.get(f"interface {name}", {})
        port.admin_up = "shutdown" not in section
        named = next((line for line in section if line.startswith("description ")), "")
        port.description = named.removeprefix("description ")
    for bundle in state.bundles:
        least = "bundle minimum-active links "
        section = tree.get(f"interface {bundle.name}", {})
        bundle.min_links = next((int(line.removeprefix(least)) for line in section if line.startswith(least)), 1)
    state.hostname = next((line.split(" ", 1)[1] for line in tree if line.startswith("hostname ")), state.hostname)
    state.statics = [route for line in _statics(tree) if (route := _route(line))]
    state.log_hosts = [host for line in tree if (host := _log_host(line))]
    follow_groups(state, _groups(tree))


def adopt_state(state: DeviceState, tree: Tree) -> Tree:
    """The configuration after a fault of the state: routes, log hosts, shut ports, removed groups."""
    routes = adopt_lines(_statics(tree), _route, _route_line, state.statics)
    tree["router static"] = {**tree.get("router static", {}), "address-family ipv4 unicast": routes}
    adopted = adopt_lines(tree, _log_host, lambda host: f"logging {host} vrf default", state.log_hosts)
    present = {(group.protocol, group.interface, group.group) for group in state.gateways}
    for one in [one for one in _groups(adopted) if (one.protocol, one.interface, one.group) not in present]:
        family = adopted[f"router {one.protocol}"][f"interface {one.interface}"]["address-family ipv4"]
        for line in [line for line in family if line.split(" ")[1] == str(one.group)]:
            del family[line]
    for name, port in state.ports.items():
        if f"interface {name}" in adopted:
            adopted[f"interface {name}"] = adopt_shut(adopted[f"interface {name}"], admin_up=port.admin_up)
    return adopted


def _log_host(line: str) -> str | None:
    match = re.fullmatch(r"logging (\d\S*)(?: .*)?", line)
    return match[1] if match else None


# --- answers ----------------------------------------------------------------------------------------------------


def shown(view: View) -> str:
    """`show running-config`, and of a section."""
    wanted = view.match.groupdict().get("section") or ""
    if not wanted:
        return f"Building configuration...\n!! IOS XR Configuration {view.state.version}\n{view.running_text}\n"
    tree = {line: beneath for line, beneath in view.config.running.items() if line.startswith(wanted)}
    return "\n".join(_lines(tree, 0)) if tree else "% No such configuration item(s)"


def sessions(view: View) -> str:
    """`show configuration sessions detail`: a trial commit has a session of its own beside the session of its lines."""
    pending = view.revert_timer.pending
    if pending is None:
        return ""
    when = f"{pending.since:%a %b %d %H:%M:%S %Y}"
    entry = (
        "  {n}) Session: 00001000-0000000{n}-00000000  {when}\n     Line: vty0                           Lock: None\n"
    )
    client = "     User: {by}                           Client: {client}\n"
    return "\n".join(
        (entry + client).format(n=number, when=when, by=pending.by, client=name)
        for number, name in enumerate(("CLI", "commit-confirm"), 1)
    )


def commit(view: View) -> str:
    """Confirm or refuse: a trial belongs to its session, `commit` there confirms, and the session's end reverts. Raises
    Refused."""
    groups, pending = view.match.groupdict(), view.revert_timer.pending
    if pending and pending.session != view.session:
        raise Refused("% Failed to commit .. A trial commit is underway in another configuration session.")
    if not groups.get("trial"):
        if pending:
            view.revert_timer.confirm()
            view.config.commit()
            return "\n% Confirming commit for trial session."
        return "" if view.config.commit() else "% No configuration changes to commit."
    seconds = int(groups["count"] or _DEFAULT_S) * (60 if groups["minutes"] else 1)
    if not _LEAST_S <= seconds <= _MOST_S:
        raise Refused("% Invalid input detected at '^' marker.")
    before = pending.tree if pending else view.config.running
    if not view.config.commit() and not pending:
        return "% No configuration changes to commit."
    view.revert_timer.arm(before, seconds, since=view.now, by=view.user, session=view.session)
    return ""


def enter(view: View) -> str:
    """`configure exclusive`, refused while a trial is underway."""
    if view.revert_timer.pending:
        raise Refused(IN_USE)
    return ""
