"""The configuration lines of FRR 10.3: accepted lines, replacements, messages and print order.

Compared with the real vtysh: interfaces, profiles and routes are printed in the order of their names and numbers, not
of their entry; defaults are not printed.
"""

from __future__ import annotations

import re

from eventready_lab.device.configuration.grammar import AcceptedLine, Grammar, Section, numbers
from eventready_lab.device.configuration.tree import Tree

_HOP = r"\d+(?:\.\d+){3}"
_PATHS = r"(?: (?:[1-9]|[1-5]\d|6[0-4]))?$"
_INTERVAL = r"(?:transmit|receive)-interval(?: (?:[1-9]\d{1,3}|[1-5]\d{4}|60000))?$"
_VRRP_PRIORITY = r"(?:[1-9]\d?|1\d\d|2[0-4]\d|25[0-4])"
#: A multiple of 10 ms.
_VRRP_INTERVAL = r"(?:[1-9]\d{0,2}0|[1-3]\d{3}0|40[0-8]\d0|409[0-5]0)"
_SECTIONS = r"interface \S+|router \S+(?: \S+)*|route-map \S+ \S+ \d+|pbr-map \S+ seq \d+|bfd|vrf \S+"


def _route_key(line: str) -> tuple[int, ...]:
    """Prefix, then distance, then next hop."""
    match = re.match(r"ip route (\S+) (\S+)(?: (?!bfd)[A-Za-z]\S*)?(?: tag \d+)?(?: (\d+))?", line)
    if match is None:
        return ()
    return (*numbers(match[1]), int(match[3] or 1), *numbers(match[2]))


def _vrrp_key(line: str) -> tuple[int, ...]:
    kinds = (" version", " priority", " preempt", " advertisement-interval", " ip ", " ipv6 ")
    bare_line = line.removeprefix("no ")
    number = numbers(bare_line.split(" ")[1])
    rank = next((at for at, kind in enumerate(kinds, 1) if kind in bare_line), 0)
    return (*number, 0 if rank == 1 else rank)


def _neighbour_key(line: str) -> tuple[int, ...]:
    """A neighbour's address; its AS first."""
    return (*numbers(line.split(" ")[1]), " remote-as " not in line)


def _interpret(mode: str, section: Tree, line: str) -> AcceptedLine | None:
    """The effect of a line with further effects."""
    group = re.match(r"(no )?vrrp (\d+)(.*)", line)
    if mode == "if" and group:
        return _vrrp(section, line, group)
    if mode == "if" and line.startswith("ip ospf bfd profile ") and "ip ospf bfd" not in section:
        return AcceptedLine(answer="ip ospf bfd has not been set")
    if mode == "af" and line == "no maximum-paths":
        return AcceptedLine({known: {} for known in section if not re.match(r"maximum-paths \d", known)})
    if mode == "config" and re.fullmatch(r"no pbr-map \S+(?: seq \d+)?", line):
        name = line.split()[2]
        present = any(known == line[3:] or known.startswith(f"{line[3:]} seq ") for known in section)
        return None if present else AcceptedLine(answer=f"pbr-map {name} not found")
    return None


def _vrrp(section: Tree, line: str, match: re.Match[str]) -> AcceptedLine:
    """Any line about a group creates the group, a negation included; `no vrrp 5` removes all its lines."""
    name = f"vrrp {match[2]}"
    mine = re.compile(rf"(?:no )?{name}(?: .*)?")
    if match[1] and not match[3]:
        return AcceptedLine({known: {} for known in section if not mine.fullmatch(known)})
    opens = match[3] in ("", " version 2", " version 3")
    opened = f"{name} version 2" if match[3] == " version 2" else name
    lines = (name, f"{name} version 2")
    kept = {known: beneath for known, beneath in section.items() if not (opens and known in lines)}
    if not any(known in lines for known in kept):
        kept[opened] = {}
    return AcceptedLine(kept) if opens else AcceptedLine(kept, line=line)


GRAMMAR = Grammar(
    sections=(
        Section(r"interface \S+", "if"),
        Section(r"router (?:ospf|bgp \d+(?: vrf \S+)?|isis \S+|ospf6|rip)", "router"),
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
            r"hostname(?: \S+)?$",
            rf"ip route \S+/\d+ (?:{_HOP}|Null0|[a-z]\S*)(?: .*)?$",
            r"ip (?:forwarding|prefix-list|nht|multicast|protocol|community-list|as-path)\b",
            r"(?:ipv6|log|service|frr|access-list|password|enable|debug|zebra|vrf|pbr|no)\b",
            r"interface \S+$|router (?:ospf|bgp \d+|isis \S+|ospf6|rip)|bfd$|route-map \S+ (?:permit|deny) \d+$",
            r"pbr-map \S+(?: seq \d+)?$",
            r"(?:line|banner|key|nexthop-group|mpls|agentx|allow-external)\b",
        ),
        "if": (
            r"description(?: .+)?$|shutdown$|bandwidth(?: \d+)?$|link-detect$|multicast$",
            r"ip address(?: \d\S*/\d+)?$",
            r"ip ospf (?:area(?: \S+)?|bfd(?: profile \S+)?|passive)$",
            r"ip ospf (?:cost|network|priority|dead-interval|hello-interval|retransmit-interval)(?: \S+)?$",
            r"(?:ipv6|isis|mpls)\b",
            r"vrrp \d+(?: version [23]| shutdown| preempt| accept-mode| checksum-with-ipv4-pseudoheader)?$",
            rf"vrrp \d+ (?:(?:ip|ipv6) \S+|priority(?: {_VRRP_PRIORITY})?)$",
            rf"vrrp \d+ advertisement-interval(?: {_VRRP_INTERVAL})?$",
            r"pbr-policy \S+$",
        ),
        "router": (
            r"(?:ospf|bgp) \S.*|router-id \S+$|neighbor \S+ .+|network \S.*|redistribute \S+|passive-interface \S+",
            rf"maximum-paths{_PATHS}|timers \S.*|auto-cost \S.*|default-information \S+|area \S+",
            r"(?:net|is-type|address-family|default-metric|distance|log-adjacency-changes|bfd|capability)\b",
        ),
        "af": (rf"maximum-paths(?: ibgp)?{_PATHS}", r"(?:neighbor|network|redistribute|aggregate-address|table-map)\b"),
        "bfd": (r"(?:profile|peer) \S+",),
        "bfd-profile": (
            _INTERVAL,
            r"detect-multiplier(?: (?:[2-9]|[1-9]\d|1\d\d|2[0-4]\d|25[0-5]))?$",
            r"(?:echo-mode|passive-mode|minimum-ttl|shutdown|log-session-changes|echo)\b",
        ),
        "pbr-map": (
            r"match (?:src-ip|dst-ip|mark|src-port|dst-port|ip-protocol|dscp|ecn)\b",
            r"set (?:nexthop|vrf|nexthop-group)\b",
        ),
        "route-map": (r"(?:match|set|on-match|call|description|continue)\b",),
    },
    top_level=(_SECTIONS, r"ip route .+", r"hostname \S+"),
    single=(
        r"hostname",
        r"log syslog",
        r"description",
        r"vrrp \d+ (?:priority|advertisement-interval)",
        r"ip ospf (?:area|cost|network|priority|dead-interval|hello-interval)",
        r"ip ospf bfd profile",
        r"(?:transmit|receive)-interval",
        r"detect-multiplier",
        r"maximum-paths(?: ibgp)?(?= \d)",
        r"(?:ospf |bgp )?router-id",
        r"neighbor \S+ (?:remote-as|bfd profile|description)",
        r"neighbor \S+ (?:route-map|prefix-list)(?= \S+ in$)",
        r"neighbor \S+ (?:route-map|prefix-list)(?= \S+ out$)",
        r"match (?:src-ip|dst-ip)",
        r"set nexthop",
        r"pbr-policy",
        rf"ip route \S+ (?:{_HOP}|Null0)(?: (?!bfd|tag|table|label|vrf)[A-Za-z]\S*)?",
    ),
    defaults=(
        r"vrrp \d+ priority 100",
        r"vrrp \d+ advertisement-interval 1000",
        r"vrrp \d+ preempt",
        r"(?:transmit|receive)-interval 300",
        r"detect-multiplier 3",
    ),
    negatives=(r"(?:ip|ipv6) forwarding", r"vrrp \d+ preempt", r"bgp default \S+", r"bgp ebgp-requires-policy"),
    permanent=(r"interface \S+",),
    absent_messages={
        r"ip route": "% Refusing to remove a non-existent route",
        r"interface": "% Configuration failed.\n\nonly inactive interfaces can be deleted",
        r"router bgp": "% Can't find BGP instance",
    },
    order={
        "config": (
            *(r"log ", r"no ip forwarding", r"(?:no )?ipv6 forwarding", r"hostname", r"service ", r"debug ", r"vrf "),
            *(r"access-list ", r"ip prefix-list ", r"route-map ", r"ip route ", r"interface ", r"router bgp"),
            *(r"router ospf$", r"router isis", r"router ", r"pbr-map ", r"bfd$"),
        ),
        "if": (
            *(r"description", r"ip address", r"ip ospf", r"ip ", r"ipv6 ", r"isis ", r"pbr-policy", r"shutdown"),
            r"(?:no )?vrrp \d+",
        ),
        "router": (
            *(r"(?:ospf |bgp )?router-id", r"(?:no )?bgp ", r"net|is-type", r"auto-cost", r"timers", r"neighbor "),
            *(r"passive-interface", r"network", r"maximum-paths", r"redistribute", r"address-family"),
        ),
        "af": (r"network", r"neighbor ", r"maximum-paths \d", r"maximum-paths ibgp"),
        "bfd": (r"profile ", r"peer "),
        "bfd-profile": (r"detect-multiplier", r"transmit-interval", r"receive-interval"),
        "pbr-map": (r"match ", r"set "),
    },
    keys={r"ip route ": _route_key, r"(?:no )?vrrp \d+": _vrrp_key, r"neighbor ": _neighbour_key},
    interpret=_interpret,
)
