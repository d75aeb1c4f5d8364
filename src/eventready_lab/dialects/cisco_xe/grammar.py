"""The configuration lines of IOS XE: accepted lines, replacements, messages and print order."""

from __future__ import annotations

import re

from eventready_lab.device.configuration.grammar import AcceptedLine, Grammar, Section, as_entered, numbers
from eventready_lab.device.configuration.tree import Tree

_HOP = r"\d+(?:\.\d+){3}"
_ROUTE = rf"ip route (?:vrf \S+ )?\d\S+ \d\S+(?: [A-Z]\S*)?(?: {_HOP})?"
_GROUP = r"(?:\d{1,3}|[1-3]\d{3}|40[0-8]\d|409[0-5])"
_OCTET = r"(?:\d{1,2}|1\d\d|2[0-4]\d|25[0-5])"
_PERCENT = r"(?:[1-9]\d?|100)"
_PATHS = r"maximum-paths(?: (?:ibgp|eibgp))?(?: (?:[1-9]|[12]\d|3[0-2]))?$"
_PHYSICAL = r"interface (?:(?:Ten|Twenty|Forty|Hundred|TwentyFive)?Gig\w*|Fast\w*|Eth\w*|Te|Gi|Fa)[\d/]+"


#: IOS marks the word with a caret above; the place does not matter here.
_INVALID = "% Invalid input detected at '^' marker."


def _route_key(line: str) -> tuple[int, ...]:
    """Prefix and mask, then distance, then next hop."""
    match = re.match(rf"ip route (?:vrf \S+ )?(\S+) (\S+)(?: [A-Z]\S*)?(?: ({_HOP}))?(?: (\d+))?", line)
    if match is None:
        return ()
    return (*numbers(f"{match[1]} {match[2]}"), int(match[4] or 1), *numbers(match[3] or ""))


def _group_key(line: str) -> tuple[int, ...]:
    """Group, then setting."""
    kinds = ("version", "address-family", "ip", "timers", "priority", "preempt", "authentication", "name", "track")
    words = line.split()
    kind = words[2] if words[1].isdigit() and len(words) > 2 else words[1]
    rank = kinds.index(kind) if kind in kinds else len(kinds)
    return (int(words[1]) if words[1].isdigit() else -1, rank)


def _sla_key(line: str) -> tuple[int, ...]:
    """An operation, followed by its schedule."""
    return (*numbers(line)[:1], line.startswith("ip sla schedule"))


def _neighbour_key(line: str) -> tuple[int, ...]:
    """A neighbour's address; its AS first."""
    return (*numbers(line.split(" ")[1]), " remote-as " not in line)


# --- lines with further effects -----------------------------------------------------------------------------------


def _interpret(mode: str, section: Tree, line: str) -> AcceptedLine | None:
    if effect := _EFFECTS.get(mode):
        return effect(section, line)
    if mode == "route-map" and re.match(r"(?:no )?match ip address \S", line):
        return _match(section, line)
    if mode == "if":
        return _attached(section, line) or _preempt(section, line)
    return None


#: Lines of an address family, which stand in the section of BGP itself without families.
_OF_FAMILY = re.compile(
    r"(?:maximum-paths|network|redistribute|aggregate-address)\b.*"
    r"|neighbor \S+ (?:route-map|prefix-list|next-hop-self|send-community|default-originate|weight|activate)\b.*"
)
_IPV4 = "address-family ipv4"
_BY_FAMILY = re.compile(r"address-family .*|no bgp default ipv4-unicast")


def _family(section: Tree, line: str) -> AcceptedLine | None:
    """With an address family, BGP keeps all family lines in families; lines typed outside belong to IPv4."""
    if re.fullmatch(rf"{_IPV4} unicast", line):
        return AcceptedLine(_by_family(section), line=_IPV4)
    if not any(_BY_FAMILY.fullmatch(known) for known in section):
        return AcceptedLine(_by_family(section), line=line) if _BY_FAMILY.fullmatch(line) else None
    bare = line.removeprefix("no ")
    if not _OF_FAMILY.fullmatch(bare):
        return None
    family = section.get(_IPV4, {})
    paths = re.match(r"maximum-paths(?: ibgp| eibgp)?(?= \d)", bare)
    kept = {
        known: beneath
        for known, beneath in family.items()
        if known != bare and not known.startswith(f"{bare} ") and not (paths and re.match(f"{paths[0]} \\d", known))
    }
    return AcceptedLine({**section, _IPV4: kept if bare != line else {**kept, bare: {}}})


def _by_family(section: Tree) -> Tree:
    """The section of BGP with the family lines beneath the family, and every neighbour active there."""
    moved = {known: beneath for known, beneath in section.items() if _OF_FAMILY.fullmatch(known)}
    named = [known.split()[1] for known in section if re.match(r"neighbor \S+ remote-as ", known)]
    active: Tree = {f"neighbor {name} activate": {} for name in named} if _IPV4 not in section else {}
    kept = {known: beneath for known, beneath in section.items() if known not in moved}
    return {**kept, _IPV4: {**section.get(_IPV4, {}), **active, **moved}}


def _attached(section: Tree, line: str) -> AcceptedLine | None:
    """Refuse a second service policy."""
    attached = re.fullmatch(r"(service-policy (?:input|output)) (\S+)", line)
    other = next((known for known in section if attached and known.startswith(f"{attached[1]} ")), line)
    return None if other == line else AcceptedLine(answer=f"% Policy map {other.split()[-1]} is already attached")


def _preempt(section: Tree, line: str) -> AcceptedLine | None:
    """`preempt` keeps a configured delay; the negation of the delay keeps `preempt`."""
    match = re.fullmatch(r"(no )?(standby \d+ preempt)( delay\b.*)?", line)
    if match is None:
        return None
    now = next((known for known in section if known == match[2] or known.startswith(f"{match[2]} delay ")), "")
    if not match[1]:
        return AcceptedLine(line=now) if now and not match[3] else None
    if now and match[3]:
        kept = {known: beneath for known, beneath in section.items() if known != now}
        return AcceptedLine({**kept, match[2]: {}})
    return None


def _used(tree: Tree, line: str) -> str:
    """The error for the removed of a class or policy in use; empty for any other line."""
    removed = re.fullmatch(r"no (class-map|policy-map) (?:match-\w+ )?(\S+)", line)
    if removed is None:
        return ""
    if removed[1] == "class-map":
        used = any(
            f"class {removed[2]}" in beneath for known, beneath in tree.items() if known.startswith("policy-map ")
        )
        return f"% Class-map {removed[2]} is being used" if used else ""
    attachments = {f"service-policy {way} {removed[2]}" for way in ("input", "output")}
    used = any(attachments & set(beneath) for beneath in tree.values())
    return f"% Policy-map {removed[2]} is being used" if used else ""


def _top(section: Tree, line: str) -> AcceptedLine | None:
    if used := _used(section, line):
        return AcceptedLine(answer=used)
    operation = re.fullmatch(r"(no )?ip sla (\d+)", line)
    if operation:
        scheduled = [known for known in section if re.match(rf"ip sla schedule {operation[2]} ", known)]
        if operation[1]:
            return AcceptedLine(
                {known: beneath for known, beneath in section.items() if known not in (line[3:], *scheduled)}
            )
        if scheduled and line in section:
            return AcceptedLine(
                answer="Entry already running and cannot be modified\n\t(only can delete (no) and start over)"
            )
    track = re.fullmatch(r"track (\d+) .+", line)
    if track and line not in section and any(known.startswith(f"track {track[1]} ") for known in section):
        return AcceptedLine(answer=f"Cannot change tracked object {track[1]} - delete old config first")
    return _class_map(section, line)


def _class_map(section: Tree, line: str) -> AcceptedLine | None:
    """A class keeps the match type of its creation, `match-all` by default."""
    match = re.fullmatch(r"(no )?class-map (match-\w+ )?(\S+)", line)
    if match is None or line in section:
        return None
    same = re.compile(rf"class-map match-\w+ {re.escape(match[3])}")
    known_as = next((known for known in section if same.fullmatch(known)), "")
    if known_as:
        return AcceptedLine(line=f"{match[1] or ''}{known_as}")
    return None if match[1] or match[2] else AcceptedLine(line=f"class-map match-all {match[3]}")


_TYPE = re.compile(r"(?:icmp-echo|udp-jitter|tcp-connect|http)\b.*")


def _operation(section: Tree, line: str) -> AcceptedLine | None:
    """Refuse parameters before the operation type, and another type or target afterwards.

    Source: IP SLAs Configuration Guide, IOS XE 17, "ICMP Echo Operations": `icmp-echo` enters the mode of its type, and
    `frequency`, `timeout` and `threshold` are commands of that mode.
    """
    known = next((one for one in section if _TYPE.fullmatch(one)), "")
    if _TYPE.fullmatch(line):
        return AcceptedLine(answer=_INVALID) if known not in ("", line) else None
    return None if known else AcceptedLine(answer=_INVALID)


def _rule(section: Tree, line: str) -> AcceptedLine | None:
    """A rule without a number is appended; a duplicate number is refused."""
    numbered = re.match(r"(\d+) (?:permit|deny|remark) ", line)
    if numbered:
        taken = any(known.startswith(f"{numbered[1]} ") and known != line for known in section)
        return AcceptedLine(answer="% Duplicate sequence number") if taken else None
    bare, negated = (line[3:], True) if line.startswith("no ") else (line, False)
    if not re.match(r"(?:permit|deny|remark) ", bare):
        return None
    same = next((known for known in section if known.partition(" ")[2] == bare), "")
    if negated:
        return (
            AcceptedLine(line=f"no {same}")
            if same
            else AcceptedLine(answer="% Specified access-list entry does not exist")
        )
    last = max((int(known.split()[0]) for known in section if known.split()[0].isdigit()), default=0)
    return AcceptedLine(line=same or f"{last + 10} {bare}")


def _match(section: Tree, line: str) -> AcceptedLine:
    """Add an access list to the shared line of access lists, or remove an access list."""
    head = "match ip address"
    listed = [name for known in section if known.startswith(head + " ") for name in known.removeprefix(head).split()]
    names = line.removeprefix("no ").removeprefix(head).split()
    if line.startswith("no "):
        left = [name for name in listed if name not in names]
    else:
        left = list(dict.fromkeys([*listed, *names]))
    kept = {known: beneath for known, beneath in section.items() if not known.startswith(head + " ")}
    return AcceptedLine({**kept, **({f"{head} {' '.join(left)}": {}} if left else {})})


_EFFECTS = {"config": _top, "acl": _rule, "router": _family, "sla": _operation}


# --- the grammar ----------------------------------------------------------------------------------------------------

_SECTIONS = (
    Section(r"interface \S+(?: ?\d\S*)?", "if"),
    Section(r"vrrp \d+ address-family ipv[46]", "vrrp", "if"),
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
)

_ACCEPTS = {
    "config": (
        r"(?:hostname \S|ipv6|no|logging|ntp|snmp-server|username|enable|service|aaa|banner|clock|lldp|cdp)\b",
        r"ip (?!route |sla |access-list )\S",
        rf"ip route (?:vrf \S+ )?{_HOP} {_HOP} (?:[A-Z]\S+|{_HOP})(?: .*)?$|ip route {_HOP} {_HOP}$",
        r"ip sla (?:\d+|schedule \d+(?: .+)?|restart \d+)$|ip access-list (?:standard|extended) \S+$",
        r"track \d+(?: (?:ip sla \d+(?: (?:reachability|state))?|interface \S+ .+|ip route .+|list .+|stub-object))?$",
        r"route-map \S+(?: (?:permit|deny)(?: \d+)?)?$|class-map (?:match-(?:any|all) )?\S+$|policy-map \S+$",
        r"(?:access-list|vrf|spanning-tree|event|key|crypto|line|boot|license|redundancy|fhrp|bfd|alias)\b",
        r"(?:multilink|control-plane|domain|memory|platform|errdisable|bfd-template|port-channel)\b",
        r"interface \S+|router (?:ospf|bgp|isis|eigrp|rip)\b|archive$",
    ),
    "if": (
        r"(?:description|ip|ipv6|no|shutdown|mtu|bandwidth|load-interval|negotiation|speed|duplex|carrier-delay)\b",
        rf"standby version(?: [12])?$|standby {_GROUP}$|standby {_GROUP} (?:timers|authentication|name|follow)\b",
        rf"standby {_GROUP} ip(?: {_HOP}(?: secondary)?)?$|standby {_GROUP} priority(?: {_OCTET})?$",
        rf"standby {_GROUP} preempt(?: delay(?: (?:minimum|reload|sync) \d+)+)?$",
        rf"standby {_GROUP} track \d+(?: (?:decrement {_OCTET}|shutdown))?$",
        rf"vrrp {_OCTET}(?: (?:ip|timers|authentication|description|shutdown)\b.*| priority(?: {_OCTET})?)?$",
        rf"vrrp {_OCTET} (?:preempt(?: delay minimum \d+)?|track \d+(?: decrement {_OCTET})?|address-family ipv[46])$",
        r"bfd (?:interval(?: \d+ min_rx \d+ multiplier \d+)?|template \S+|echo)$",
        r"lacp (?:min|max)-bundle(?: [1-8])?$|lacp (?:rate|port-priority|fast-switchover)\b",
        r"service-policy (?:input|output)(?: \S+)?$|channel-group(?: \d+ mode (?:active|passive|on))?$",
        r"(?:encapsulation|cdp|lldp|switchport|isis|mpls|storm-control|vrf|keepalive|media-type|port-channel)\b",
    ),
    "vrrp": (
        rf"priority(?: {_OCTET})?$|preempt(?: delay minimum \d+)?$|track \d+(?: (?:decrement {_OCTET}|shutdown))?$",
        rf"address {_HOP}(?: (?:primary|secondary))?$|(?:timers|match-address|shutdown|vrrpv2|description|exit-vrrp)\b",
    ),
    "router": (
        rf"{_PATHS}|(?:router-id|bgp|bfd|neighbor|network|redistribute|passive-interface|default-information)\b",
        r"(?:auto-cost|area|log-adjacency-changes|timers|distance|net|is-type|metric-style|default-metric)\b",
        r"(?:address-family|nsf|nsr|auto-summary|synchronization|no|prefix-suppression|max-metric|template)\b",
    ),
    "af": (rf"{_PATHS}|(?:neighbor|network|redistribute|aggregate-address|exit-address-family|bgp|default-metric)\b",),
    "sla": (
        rf"icmp-echo {_HOP}(?: source-(?:interface|ip) \S+)?$|(?:threshold|timeout|frequency)(?: \d+)?$",
        r"(?:tag|owner|vrf|request-data-size|history|tos|udp-jitter|tcp-connect|http)\b",
    ),
    "track": (r"delay(?: (?:down|up) \d+){1,2}$|delay(?: down| up)?$|(?:object|threshold|default-state|ip vrf)\b",),
    "route-map": (r"(?:match|set|description|continue)\b",),
    "pmap": (r"class \S+$|description\b",),
    "pmap-c": (
        rf"priority(?: (?:level [12]|percent {_PERCENT}|\d+))?$|bandwidth(?: remaining)?(?: percent {_PERCENT})?$",
        r"(?:bandwidth|shape|police|fair-queue|random-detect|queue-limit|set|service-policy|compression)\b",
    ),
    "cmap": (
        r"match (?:not )?(?:access-group|dscp|ip|any|cos|precedence|protocol|qos-group|class-map)\b|description\b",
    ),
    "acl": (r"(?:\d+ )?(?:permit|deny|remark) \S|\d+$",),
    "archive": (r"(?:path|maximum|time-period|write-memory|log|rollback)\b",),
}  # fmt: skip

_SINGLE = (
    r"hostname",
    r"description",
    r"ip address(?! \S+ \S+ secondary)",
    r"(?:mtu|bandwidth|load-interval|carrier-delay|channel-group)(?= \d)",
    r"standby \d+ (?:ip(?!v6)|priority|timers|preempt|name|authentication)",
    r"standby \d+ track \d+",
    r"standby version",
    r"vrrp \d+ (?:ip(?!v6)|priority|timers|preempt|description)",
    r"vrrp \d+ track \d+",
    r"priority",
    r"preempt",
    r"address \S+ primary",
    r"track \d+ (?=decrement|shutdown)",
    r"bfd interval",
    r"lacp (?:min-bundle|max-bundle|rate)",
    r"port-channel min-links",
    r"(?:bgp )?router-id",
    r"ip ospf (?:cost|priority|network|hello-interval|dead-interval)",
    r"ip policy route-map",
    r"ip cef load-sharing algorithm",
    r"service-policy (?:input|output)",
    r"maximum-paths(?: ibgp| eibgp)?(?= \d)",
    r"icmp-echo",
    r"(?:threshold|timeout|frequency|tag)(?= )",
    r"ip sla schedule \d+",
    r"delay",
    r"bandwidth (?:remaining )?percent",
    r"shape average",
    r"fair-queue",
    r"set ip next-hop verify-availability \S+ \d+",
    r"neighbor \S+ (?:remote-as|update-source|description|timers)",
    r"neighbor \S+ (?:route-map|prefix-list)(?= \S+ in$)",
    r"neighbor \S+ (?:route-map|prefix-list)(?= \S+ out$)",
    r"path",
    r"maximum(?= \d)",
    r"logging buffered",
    _ROUTE,
)

_ORDER = {
    "config": (
        *(r"version", r"(?:no )?service ", r"hostname", r"boot", r"vrf ", r"logging buffered", r"(?:no )?logging con"),
        *(r"enable", r"(?:no )?aaa", r"clock", r"(?:no )?ip (?:domain|name|host|dhcp)", r"(?:no )?ip cef", r"lldp|cdp"),
        *(r"multilink", r"license", r"archive", r"memory", r"spanning-tree", r"username", r"redundancy", r"fhrp"),
        *(r"bfd-template", r"track ", r"class-map ", r"policy-map ", r"crypto", r"interface Loopback"),
        *(r"interface Port-channel", r"interface ", r"router ospf", r"router isis", r"router "),
        *(r"(?:no )?ip (?:forw|http)",),
        *(r"ip route ", r"ip ssh", r"ip access-list", r"ip sla ", r"logging ", r"access-list", r"route-map "),
        *(r"snmp-server", r"control-plane", r"banner", r"line ", r"ntp ", r"event "),
    ),
    "if": (
        *(r"description", r"mtu", r"bandwidth", r"vrf ", r"(?:no )?ip address", r"(?:no )?ip (?:redir|proxy|unreach)"),
        *(r"ip policy", r"ip ospf", r"(?:no )?ip ", r"standby ", r"vrrp ", r"load-interval", r"carrier-delay"),
        r"shutdown",
        *(r"(?:no )?negotiation", r"(?:no )?(?:cdp|lldp)", r"lacp ", r"bfd ", r"channel-group", r"service-policy"),
    ),
    "vrrp": (r"timers", r"description", r"priority", r"(?:no )?preempt", r"track", r"address"),
    "router": (
        *(r"(?:bgp )?router-id", r"(?:no )?bgp ", r"net ", r"is-type", r"metric-style", r"auto-cost", r"area "),
        *(r"redistribute", r"passive-interface", r"network", r"neighbor ", r"maximum-paths \d", r"maximum-paths ibgp"),
        *(r"default-information", r"bfd ", r"address-family"),
    ),
    "af": (r"bgp ", r"network", r"redistribute", r"neighbor ", r"maximum-paths \d", r"maximum-paths ibgp"),
    "sla": (r"icmp-echo", r"tag", r"threshold", r"timeout", r"frequency"),
    "route-map": (r"description", r"match ", r"set "),
    "pmap": (r"description", r"class (?!class-default)", r"class class-default"),
    "pmap-c": (
        *(r"priority", r"bandwidth", r"shape", r"police", r"fair-queue", r"queue-limit", r"random-detect", r"set "),
    ),
    "cmap": (r"description", r"match "),
    "acl": (r"\d+ ",),
    "archive": (r"log ", r"path", r"maximum", r"write-memory", r"time-period"),
}  # fmt: skip

GRAMMAR = Grammar(
    sections=_SECTIONS,
    accepts=_ACCEPTS,
    top_level=(
        *(
            r"interface \S+(?: ?\d\S*)?",
            r"router \S+(?: \S+)?",
            r"hostname \S+",
            r"ip (?:route|sla|access-list|cef) .+",
        ),
        *(r"logging .+", r"(?:class-map|policy-map|route-map) .+", r"archive", r"ip sla schedule .+", r"ntp .+"),
        r"track \d+ (?!decrement|shutdown).+",
    ),
    single=_SINGLE,
    defaults=(
        *(r"standby \d+ priority 100", r"vrrp \d+ priority 100", r"standby version 1"),
        *(r"lacp min-bundle 1", r"port-channel min-links 1"),
        *(r"timeout 5000", r"threshold 5000", r"frequency 60"),
    ),
    negatives=(
        *(r"ip address", r"ip (?:redirects|proxy-arp|unreachables)", r"service \S+", r"ip http (?:secure-)?server"),
        *(r"ip domain.lookup", r"logging console", r"negotiation auto", r"bgp default ipv4-unicast", r"aaa new-model"),
    ),
    permanent=(_PHYSICAL, r"line .*"),
    absent_messages={
        r"ip route": "%No matching route to delete",
        r"interface": "% Removal of physical interfaces is not permitted",
    },
    order=_ORDER,
    keys={
        r"ip route ": _route_key,
        r"ip sla ": _sla_key,
        r"standby ": _group_key,
        r"vrrp ": _group_key,
        r"neighbor ": _neighbour_key,
        r"class (?!class-default)": as_entered,
        r"match ": as_entered,
    },
    requires=(
        (r"class (?!class-default)(\S+)", r"class-map (?:match-\w+ )?\1", r"% class map \1 not configured"),
        # A wireless profile refers to built-in policies.
        (
            r"service-policy (?:input|output) (?!(?:platinum|gold|silver|bronze)(?:-up)?$)(\S+)",
            r"policy-map \1",
            r"% policy map \1 not configured",
        ),
    ),
    interpret=_interpret,
)
