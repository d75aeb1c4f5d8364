r"""The configuration lines of VRP: accepted lines, replacements, refusals and print order.

Where VRP 5 and VRP 8 differ, the stricter rule holds: a running test is neither edited nor removed, and nothing in use
is removed.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Network

from eventready_lab.device.configuration.grammar import AcceptedLine, Grammar, Section, as_entered, numbers
from eventready_lab.device.configuration.tree import Tree

_HOP = r"\d+(?:\.\d+){3}"
_BYTE = r"(?:[1-9]\d?|1\d\d|2[0-4]\d|25[0-5])"
_PRIORITY = r"(?:[1-9]\d?|1\d\d|2[0-4]\d|25[0-4])"
_DELAY = r"(?:\d{1,3}|[12]\d{3}|3[0-5]\d\d|3600)"
_PERCENT = r"(?:100|[1-9]\d?)"
_TRACK = r"(?: track (?:nqa \S+ \S+|bfd-session \S+))?"
_ROUTE = rf"ip route-static (?:vpn-instance \S+ )?(?P<net>{_HOP}) (?P<mask>{_HOP}|\d\d?)"
_VIA = rf"(?: [A-Z][\w-]*[\d/.]+)?(?: {_HOP})?"
_BY = rf"(?: (?:reduced|increased) {_BYTE})?"
_PATHS = r"maximum load-balancing(?: ibgp| ebgp)? (?:[1-9]|[1-5]\d|6[0-4])$"
_VIRTUAL = r"(?:LoopBack|Vlanif|Eth-Trunk|Tunnel)"
_WRONG = "Error: Wrong parameter found at '^' position."
_RUNS = "Error: The test is in progress, "

_SECTIONS = (
    Section(r"interface (\S+)", "config-if", label=r"\1"),
    Section(r"ospf (\d+)(?: router-id \S+)?", "config-ospf", label=r"ospf-\1"),
    Section(r"area (\S+)", "config-area", parent="config-ospf", label=r"area-\1"),
    Section(r"isis (\d+)", "config-isis", label=r"isis-\1"),
    Section(r"bgp (\S+)", "config-bgp", label="bgp"),
    Section(r"ipv4-family unicast", "config-bgp-af", parent="config-bgp", label="af-ipv4"),
    Section(r"bfd", "config-bfd", label="bfd"),
    Section(r"bfd (\S+) bind .+", "config-bfd-session", label=r"bfd-session-\1"),
    Section(r"vlan (\d+)", "config-vlan", label=r"vlan\1"),
    Section(r"nqa test-instance (\S+) (\S+)", "config-nqa", label=r"nqa-\1-\2"),
    Section(r"acl number (3\d\d\d)", "config-acl", label=r"acl-adv-\1"),
    Section(r"traffic classifier (\S+)(?: operator (?:or|and))?", "config-classifier", label=r"classifier-\1"),
    Section(r"traffic behavior (\S+)", "config-behavior", label=r"behavior-\1"),
    Section(r"traffic policy (\S+)(?: match-order config)?", "config-policy", label=r"trafficpolicy-\1"),
    Section(r"user-interface (vty|console) (\d+)(?: (\d+))?", "config-ui", label=r"ui-\1\2-\3"),
)


def _vrrp_key(line: str) -> tuple[int, ...]:
    """The group, then the setting."""
    kinds = ("virtual-ip", "priority", "preempt-mode", "timer", "track")
    words = line.split()
    rank = kinds.index(words[3]) if len(words) > 3 and words[3] in kinds else len(kinds)
    return (int(words[2]) if words[2].isdecimal() else 0, rank)


# --- lines with further effects -------------------------------------------------------------------------------------


def _interpret(mode: str, section: Tree, line: str) -> AcceptedLine | None:
    if mode == "config":
        return _removes(section, line.removeprefix("undo ")) if line.startswith("undo ") else _sets(section, line)
    if mode == "config-if":
        return _on_port(section, line)
    if mode == "config-nqa":
        return _in_test(section, line)
    return _rule(section, line) if mode == "config-acl" else None


def _sets(running: Tree, line: str) -> AcceptedLine | None:
    """A line of the system view."""
    if line.startswith("interface ") and line not in running and not re.match(rf"interface {_VIRTUAL}", line):
        return AcceptedLine(answer=_WRONG)
    if route := re.match(_ROUTE, line):
        return _route(line, route)
    name = re.match(r"traffic (?:classifier|policy) \S+", line)
    stored = next((known for known in running if name and (known == name[0] or known.startswith(f"{name[0]} "))), None)
    if name is None or stored == line:
        return None
    if stored is None:  # a classifier always shows its operator
        return AcceptedLine(line=f"{line} operator or") if line == name[0] and " classifier " in line else None
    if line == name[0]:
        return AcceptedLine(line=stored)
    return AcceptedLine({line if known == stored else known: beneath for known, beneath in running.items()})


def _route(line: str, route: re.Match[str]) -> AcceptedLine:
    try:
        network = IPv4Network(f"{route['net']}/{route['mask']}", strict=False)
    except ValueError:
        return AcceptedLine(answer=_WRONG)
    start = line[: route.start("net")]
    rest = line[route.end() :].replace(" preference 60", "")
    return AcceptedLine(line=f"{start}{network.network_address} {network.netmask}{rest}")


def _removes(running: Tree, bare: str) -> AcceptedLine | None:
    """The negation of a line of the system view."""
    if re.match(rf"interface (?!{_VIRTUAL})", bare):
        return AcceptedLine(answer=_WRONG)
    test = re.fullmatch(r"nqa test-instance (\S+ \S+)", bare)
    if test and any(line.startswith("start ") for line in running.get(bare, {})):
        return AcceptedLine(answer=f"{_RUNS}it cannot be deleted.")
    if test and _uses(running, rf".* track nqa {re.escape(test[1])}(?: .*)?"):
        return AcceptedLine(answer="Error: The NQA test instance is in use.")
    used = re.fullmatch(r"(?:traffic (classifier|behavior|policy)|(bfd)) (\S+)", bare)
    if used and (kind := used[1] or used[2]) and _uses(running, _USE[kind].format(name=re.escape(used[3]))):
        return AcceptedLine(answer=f"Error: The {kind if used[2] else f'traffic {kind}'} is in use.")
    return None


_USE = {
    "classifier": "classifier {name} behavior .*",
    "behavior": "classifier .* behavior {name}(?: .*)?",
    "policy": "traffic-policy {name} .*",
    "bfd": ".* track bfd-session {name}(?: .*)?",
}


def _uses(tree: Tree, pattern: str) -> bool:
    return any(re.fullmatch(pattern, line) or _uses(beneath, pattern) for line, beneath in tree.items())


def _on_port(section: Tree, line: str) -> AcceptedLine | None:
    """A line of an interface."""
    policy = re.fullmatch(r"(undo )?traffic-policy(?: (\S+))? (inbound|outbound)", line)
    if policy:
        return _policy(section, line, policy)
    group = re.fullmatch(r"(undo )?vrrp vrid (\d+)(?: (.+))?", line)
    if group is None:
        return None
    start, setting = f"vrrp vrid {group[2]} ", group[3] or ""
    addresses = [one for one in section if one.startswith(f"{start}virtual-ip ")]
    if not addresses and (group[1] or not setting.startswith("virtual-ip ")):
        return AcceptedLine(answer="Error: The virtual router does not exist.")
    if group[1] and (
        setting == "virtual-ip" or addresses == [f"{start}{setting}"]
    ):  # the last address removes the group
        return AcceptedLine({one: beneath for one, beneath in section.items() if not one.startswith(start)})
    return None


def _policy(section: Tree, line: str, match: re.Match[str]) -> AcceptedLine | None:
    bound = [one for one in section if re.fullmatch(rf"traffic-policy \S+ {match[3]}", one)]
    if match[1]:
        return AcceptedLine({one: beneath for one, beneath in section.items() if one not in bound})
    if match[2] and bound and bound != [line]:
        return AcceptedLine(answer="Error: A traffic policy has been applied to this direction.")
    return None


def _in_test(section: Tree, line: str) -> AcceptedLine | None:
    """A line of an NQA test: no parameter before its type, and of a running test only the start can be changed.

    Source: Command Reference of the S series, "NQA commands": `test-type` is set before any parameter.
    """
    if not line.startswith(("test-type ", "undo ")) and not any(one.startswith("test-type ") for one in section):
        return AcceptedLine(answer="Error: The test type is not configured.")
    runs = any(one.startswith("start ") for one in section)
    if runs and line != "undo start" and line not in section:
        return AcceptedLine(answer=f"{_RUNS}the parameter cannot be changed.")
    return None


def _rule(section: Tree, line: str) -> AcceptedLine | None:
    """Add the words of a rule to the rule with the same number."""
    number = re.match(r"rule \d+ ", line)
    old = next((one for one in section if number and one.startswith(number[0])), None)
    if old is None or old == line:
        return None
    kept = [word for word in old.split()[3:] if word not in line.split()]
    return AcceptedLine({(" ".join([line, *kept]) if one == old else one): {} for one in section})


GRAMMAR = Grammar(
    sections=_SECTIONS,
    accepts={
        "config": (
            r"sysname \S{1,64}$",
            r"info-center loghost \S|info-center \S|ntp-service \S",
            rf"{_ROUTE}{_VIA}(?: preference {_BYTE})?{_TRACK}(?: preference {_BYTE})?(?: (?:description|tag) .+)?$",
            r"interface \S+$|bfd(?: \S+ bind .+)?$|vlan (?:batch )?\d|acl number \d+$|nqa test-instance \S+ \S+$",
            r"traffic (?:classifier|behavior|policy) \S|route-policy \S",
            r"(?:ospf|isis|bgp|snmp-agent|lldp|stelnet|clock|header|user-interface|router id)\b",
        ),
        "config-if": (
            r"description .{1,242}$|shutdown$|mtu \d{2,5}$",
            rf"ip address {_HOP} (?:{_HOP}|\d\d?)(?: sub)?$",
            rf"vrrp vrid {_BYTE} (?:virtual-ip {_HOP}|priority {_PRIORITY}|timer advertise {_BYTE})$",
            rf"vrrp vrid {_BYTE} preempt-mode (?:disable|timer delay {_DELAY})$",
            rf"vrrp vrid {_BYTE} track (?:nqa \S+ \S+|interface \S+|bfd-session \S+){_BY}$",
            r"(?:least|max) active-linknumber (?:[1-9]|[12]\d|3[0-2])$|eth-trunk \d{1,3}$|mode (?:lacp|manual)",
            r"traffic-policy \S+ (?:inbound|outbound)$",
            r"(?:ospf|isis|ipv6|port|portswitch|lacp|speed|duplex|negotiation|load-balance|qos|bfd|statistic) ?\b",
        ),
        "config-ospf": (_PATHS, r"(?:area|bfd|import-route|silent-interface|default-route-advertise|preference)\b"),
        "config-area": (r"(?:network|stub|nssa|authentication-mode)\b",),
        "config-isis": (_PATHS, r"(?:is-level|network-entity|is-name|cost-style|bfd|import-route|timer|preference)\b"),
        "config-bgp": (r"(?:router-id|peer|group|ipv4-family|timer|graceful-restart)\b",),
        "config-bgp-af": (_PATHS, r"(?:synchronization|peer|network|import-route|preference|aggregate)\b"),
        "config-bfd": (r"(?:mpls-passive|default-ip-address|delay-up|tos-exp)\b",),
        "config-bfd-session": (
            r"discriminator (?:local|remote) \d+$|(?:min-tx-interval|min-rx-interval|detect-multiplier) \d+$",
            r"(?:commit|process-interface-status|wtr|description)\b",
        ),
        "config-vlan": (r"(?:description|name)\b",),
        "config-nqa": (
            r"test-type icmp$|destination-address ipv4 \S+$|source-address ipv4 \S+$|frequency [1-9]\d{0,5}$",
            r"probe-count (?:[1-9]|1[0-5])$|timeout (?:[1-9]|[1-5]\d|60)$|interval seconds \d{1,2}$|start now$",
        ),
        "config-acl": (r"rule \d+ (?:permit|deny) (?:ip|tcp|udp|icmp)(?: .+)?$|(?:step|description) \S",),
        "config-classifier": (r"if-match (?:dscp \S+|acl \d+|any|8021p \d|vlan-id \d+)$",),
        "config-behavior": (
            rf"queue (?:llq|af|ef) bandwidth pct {_PERCENT}$|remark \S+ \S+$|car cir \d+|statistic enable$",
            rf"redirect ip-nexthop {_HOP}{_TRACK}$|permit$|deny$",
        ),
        "config-policy": (r"classifier \S+ behavior \S+(?: precedence \d+)?$",),
        "config-ui": (r"(?:authentication-mode|protocol|idle-timeout|user|screen-length|acl)\b",),
    },
    accepts_negated={
        "config": (r"ip route-static \S+ \S+", r"bfd \S+$"),
        "config-if": (
            r"(?:description|mtu|ip address|eth-trunk|mode|load-balance|vrrp vrid \d+)$",
            r"(?:least|max) active-linknumber$|traffic-policy (?:inbound|outbound)$",
            r"vrrp vrid \d+ (?:virtual-ip|priority|preempt-mode|timer advertise)$",
        ),
        "config-ospf": (r"maximum load-balancing$",),
        "config-isis": (r"maximum load-balancing$",),
        "config-bgp-af": (r"maximum load-balancing(?: ibgp| ebgp)?$",),
        "config-nqa": (
            r"(?:test-type|destination-address|source-address|frequency|probe-count|timeout|interval|start)$",
        ),
        "config-acl": (r"rule \d+$",),
        "config-behavior": (r"(?:queue (?:llq|af|ef)|remark \S+|car|redirect)$",),
        "config-policy": (r"classifier \S+$",),
    },
    top_level=(r"sysname \S+", r"info-center .*", r"ntp-service .*", r"ip route-static .*"),
    single=(
        r"sysname",
        r"description",
        r"mtu",
        r"ip address(?!.* sub$)",
        r"eth-trunk",
        r"mode",
        r"load-balance ",
        r"vrrp vrid \d+ (?:priority|preempt-mode|timer advertise|track nqa \S+ \S+|track interface \S+)",
        r"(?:least|max) active-linknumber",
        r"maximum load-balancing(?: ibgp| ebgp)?(?= \d)",
        rf"{_ROUTE}{_VIA}",
        r"info-center loghost \S+",
        r"ntp-service unicast-server \S+",
        r"ospf cost",
        r"isis cost",
        r"(?:test-type|destination-address|source-address|frequency|probe-count|timeout|interval|start) ",
        r"discriminator (?:local|remote)",
        r"(?:min-tx-interval|min-rx-interval|detect-multiplier) ",
        r"queue \S+",
        r"redirect ",
        r"remark \S+",
        r"car ",
        r"classifier \S+ behavior",
        r"router-id",
    ),
    defaults=(
        r"undo shutdown",
        r"vrrp vrid \d+ (?:priority 100|preempt-mode timer delay 0|timer advertise 1)",
        r"least active-linknumber 1",
        r"probe-count 3",
    ),
    negation="undo",
    permanent=(r"ipv4-family unicast",),
    absent_messages={
        r"ip route-static": "Error: The specified route does not exist.",
        r"nqa ": "Error: The test instance does not exist.",
        r"acl ": "Error: The ACL does not exist.",
        r"traffic (?:classifier|behavior|policy)": "Error: It does not exist.",
    },
    order={
        "config": (
            *(r"sysname", r"info-center ", r"vlan ", r"lldp ", r"ntp-service ", r"bfd$", r"acl "),
            r"traffic classifier",
            *(r"traffic behavior", r"traffic policy", r"interface Vlanif", r"interface Eth-Trunk"),
            *(r"interface (?!LoopBack)", r"interface ", r"bfd ", r"bgp ", r"ospf ", r"isis ", r"route-policy "),
            *(r"ip route-static ", r"snmp-agent", r"nqa ", r"stelnet ", r"user-interface "),
        ),
        "config-if": (
            *(r"shutdown", r"description", r"mode ", r"(?:least|max) ", r"eth-trunk", r"mtu", r"ip ", r"vrrp "),
            r"isis ",
            *(r"ospf ", r"traffic-policy .* inbound", r"traffic-policy"),
        ),
        "config-isis": (r"is-level", r"cost-style", r"network-entity", r"is-name", r"maximum", r"import-route"),
        "config-ospf": (r"import-route", r"maximum", r"area "),
        "config-bgp": (r"router-id", r"peer ", r"ipv4-family "),
        "config-bgp-af": (r"undo ", r"network ", r"import-route", r"maximum", r"peer "),
        "config-nqa": (
            *(r"test-type", r"destination-address", r"source-address", r"timeout", r"frequency", r"interval"),
            *(r"probe-count", r"start"),
        ),
        "config-acl": (r"description", r"step", r"rule "),
        "config-classifier": (r"if-match acl", r"if-match "),
    },
    keys={r"vrrp ": _vrrp_key, r"ip route-static ": numbers, r"if-match ": as_entered, r"info-center ": as_entered},
    negatives=(r"synchronization",),
    requires=(
        (r"(?!undo ).* track nqa (\S+ \S+).*", r"nqa test-instance \1", "Error: The NQA test instance does not exist."),
        (r"ip route-static .* track bfd-session (\S+).*", r"bfd \1 bind .*", "Error: The BFD session does not exist."),
        (r"traffic-policy (\S+) \w+", r"traffic policy \1(?: .*)?", "Error: The traffic policy does not exist."),
        (r"classifier (\S+) behavior .*", r"traffic classifier \1(?: .*)?", "Error: The classifier does not exist."),
        (r"classifier \S+ behavior (\S+)", r"traffic behavior \1", "Error: The behavior does not exist."),
        (r"if-match acl (\d+)", r"acl number \1", "Error: The ACL does not exist."),
    ),
    interpret=_interpret,
)
