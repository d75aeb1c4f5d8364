"""Configuration lines of IOS XE with further effects: replacements, refusals, sort keys. All others: `grammar.yaml`."""

from __future__ import annotations

import re

from eventready_lab.device.configuration.grammar import AcceptedLine, numbers
from eventready_lab.device.configuration.tree import Tree
from eventready_lab.dialects._shared.grammar_file import load_grammar
from eventready_lab.dialects.cisco_xe.effects import route_line

_HOP = r"\d+(?:\.\d+){3}"


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


GRAMMAR = load_grammar(
    "eventready_lab.dialects.cisco_xe",
    interpret=_interpret,
    keys={"route": _route_key, "sla": _sla_key, "group": _group_key, "neighbour": _neighbour_key},
    route_line=route_line,
)
