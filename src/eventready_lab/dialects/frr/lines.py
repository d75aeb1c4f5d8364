"""Configuration lines of FRR with further effects: replacements, refusals, sort keys. All others: `grammar.yaml`."""

from __future__ import annotations

import re

from eventready_lab.device.configuration.grammar import AcceptedLine, numbers
from eventready_lab.device.configuration.tree import Tree
from eventready_lab.dialects._shared.grammar_file import load_grammar
from eventready_lab.dialects.frr.effects import route_line


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


GRAMMAR = load_grammar(
    "eventready_lab.dialects.frr",
    interpret=_interpret,
    keys={"route": _route_key, "vrrp": _vrrp_key, "neighbour": _neighbour_key},
    route_line=route_line,
)
