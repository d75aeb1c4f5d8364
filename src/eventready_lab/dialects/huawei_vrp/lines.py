"""Configuration lines of VRP with further effects: replacements, refusals, sort keys. All others: `grammar.yaml`.

Where VRP 5 and VRP 8 differ, the stricter rule holds: a running test is neither edited nor removed, and nothing in use
is removed.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Network
from typing import Any

from eventready_lab.device.configuration.grammar import AcceptedLine
from eventready_lab.device.configuration.tree import Tree
from eventready_lab.dialects._shared.grammar_file import GrammarFile, load_grammar

_HOP = r"\d+(?:\.\d+){3}"
_ROUTE = rf"ip route-static (?:vpn-instance \S+ )?(?P<net>{_HOP}) (?P<mask>{_HOP}|\d\d?)"
_VIRTUAL = r"(?:LoopBack|Vlanif|Eth-Trunk|Tunnel)"
_WRONG = "Error: Wrong parameter found at '^' position."
_RUNS = "Error: The test is in progress, "


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


def load(**helpers: Any) -> GrammarFile:
    """Return the grammar; `helpers` are names in the template of the initial configuration."""
    return load_grammar("eventready_lab.dialects.huawei_vrp", interpret=_interpret, keys={"vrrp": _vrrp_key}, **helpers)
