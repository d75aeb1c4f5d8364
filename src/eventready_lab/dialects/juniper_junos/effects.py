"""The configuration of a Junos router as `set` lines: initial form, edits, and its effect on the state.

A statement that a removal leaves empty stays where it is an object or a flag of its own (`unit 0`, `family inet`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from eventready.core.strings.texts import lines_of
from eventready_lab.device.configuration.tree import Layout, Tree
from eventready_lab.device.dialect import Refused
from eventready_lab.device.state import DeviceState, Gateway, Port, Static
from eventready_lab.device.view import View
from eventready_lab.device.zone import abbreviation
from eventready_lab.dialects._shared.grammar_file import load_grammar
from eventready_lab.dialects._shared.state_sync import follow_groups


def route_lines(route: Static) -> Iterator[str]:
    """The statements of a static route."""
    start = f"routing-options static route {route.prefix} qualified-next-hop {route.next_hop}"
    yield f"{start} preference {5 if route.distance == 1 else route.distance}"
    if route.bfd or route.track:
        yield f"{start} bfd-liveness-detection minimum-interval 300"


def logical(name: str) -> str:
    """The logical interface of a port: `ae0.0`."""
    return name if "." in name or not name else f"{name}.0"


def parent(state: DeviceState, port: Port) -> str:
    """The bundle of a port; empty for none."""
    return next((bundle.name for bundle in state.bundles if port.name in bundle.members), "")


GRAMMAR = load_grammar("eventready_lab.dialects.juniper_junos", route_lines=route_lines, logical=logical, parent=parent)
_TOP: Sequence[str] = GRAMMAR.tables["top"]
#: Lists whose entries stand in the order of entry.
_ENTERED = re.compile(r"firewall .*filter \S+ term|policy-options policy-statement \S+ term|.* (?:import|export)")
_KNOWN = re.compile(rf"(?:set|delete|activate|deactivate) (?:{'|'.join(map(re.escape, _TOP))})(?: .*)?")
#: Statements without the name of their object, and values to set without a value.
_INCOMPLETE = re.compile(
    r".* (?:unit|route|vrrp-group|filter|term|group|neighbor|qualified-next-hop|schedulers|forwarding-class)"
    r"|set .* (?:preference|mtu|priority|virtual-address|minimum-interval|multiplier|scheduler)"
)

#: `commit check`, `commit confirmed 5 comment eventready-1`.
COMMIT = r"commit(?: (?P<check>check)| (?P<confirmed>confirmed)(?: (?P<minutes>\d+))?)?(?: comment (?P<comment>\S+))?"


@dataclass(frozen=True)
class SetLayout(Layout):
    """`show configuration | display set`."""

    def text(self, tree: Tree) -> str:
        """A line per statement."""
        return "\n".join(tree)


def edited(section: Tree, line: str) -> tuple[Tree | None, str]:
    """Return the configuration after a line, and the answer; None for a line not accepted by the device."""
    if not _KNOWN.fullmatch(line):
        return None, "syntax error."
    if _INCOMPLETE.fullmatch(line):
        return None, "missing argument."
    verb, _, statement = line.partition(" ")
    if verb == "activate":
        return {one: {} for one in section if one != f"deactivate {statement}"}, ""
    present = any(_beneath(one, statement) for one in section)
    if verb != "set" and not present:
        return section, "warning: statement not found"
    if verb == "delete":
        return _sorted(_with_emptied({one: {} for one in section if not _beneath(one, statement)}, statement)), ""
    return section if verb == "set" and present else _sorted(_with_line(section, line)), ""


def _with_line(section: Tree, line: str) -> Tree:
    """Return the configuration with a statement: a single value per setting, and no beginnings of other lines."""
    start = next((found[0] for pattern in GRAMMAR.tables["one_value"] if (found := re.match(rf"{pattern} ", line))), "")
    if start and any(one.startswith(start) for one in section):
        return {(line if one.startswith(start) else one): {} for one in section}
    kept: Tree = dict(section)
    if line.startswith("set "):
        kept = {one: {} for one in kept if one.startswith("deactivate ") or not _beneath(line, one[4:])}
    return {**kept, line: {}}


def _with_emptied(section: Tree, removed: str) -> Tree:
    """Return the configuration with the nearest object around a removed statement, if empty."""
    above = removed.rpartition(" ")[0]
    while above:
        if any(_beneath(one, above) for one in section):
            return section
        if any(re.fullmatch(pattern, above) for pattern in GRAMMAR.tables["stays"]):
            return {**section, f"set {above}": {}}
        above = above.rpartition(" ")[0]
    return section


def _beneath(line: str, statement: str) -> bool:
    return f"{line.partition(' ')[2]} ".startswith(f"{statement} ")


def _sorted(section: Tree) -> Tree:
    """The lines in the order of their sections and words; entries of ordered lists in the order of entry."""
    rank = {word: at for at, word in enumerate(_TOP)}
    first: dict[str, int] = {}
    for at, line in enumerate(section):
        words = line.split(" ")[1:]
        for count in range(1, len(words) + 1):
            first.setdefault(" ".join(words[:count]), at)

    def position(line: str) -> tuple[int, tuple[tuple[int, str], ...], bool]:
        words = line.split(" ")[1:]
        starts = [" ".join(words[:count]) for count in range(len(words))]
        entered = [bool(_ENTERED.fullmatch(start)) for start in starts]
        order = tuple(
            (first[f"{start} {word}"], "") if kept else (0, word)
            for start, word, kept in zip(starts, words, entered, strict=True)
        )
        return rank.get(words[0], len(rank)), order, line.startswith("deactivate ")

    return {line: {} for line in sorted(section, key=position)}


# --- initial configuration --------------------------------------------------------------------------------------


# --- state ------------------------------------------------------------------------------------------------------


def initial(state: DeviceState) -> str:
    """The configuration of a healthy router, as `set` lines in print order."""
    return "\n".join(_sorted({f"set {line}": {} for line in lines_of(GRAMMAR.initial(state))}))


def apply_to_state(state: DeviceState, tree: Tree) -> None:
    """Update ports, bundles, gateway groups, routes, log hosts and host name from the configuration."""
    for port in state.ports.values():
        name, _, unit = port.name.partition(".")
        statement = f"set interfaces {name}" + (f" unit {unit}" if unit else "")
        port.admin_up = f"{statement} disable" not in tree
        port.description = _value(tree, f"{statement} description").strip('"')
    for bundle in state.bundles:
        options = f"set interfaces {bundle.name} aggregated-ether-options"
        bundle.min_links = int(_value(tree, f"{options} minimum-links") or 1)
    state.hostname = _value(tree, "set system host-name") or state.hostname
    state.statics = list(_routes(tree))
    state.log_hosts = list(_log_hosts(tree))
    follow_groups(state, _groups(tree))


def _log_hosts(tree: Tree) -> dict[str, str]:
    """The log hosts, each with its first line."""
    lines = [line for line in tree if line.startswith("set system syslog host ")]
    return {line.split(" ")[4]: line for line in reversed(lines)}


def _value(tree: Tree, start: str) -> str:
    return next((line.removeprefix(f"{start} ") for line in tree if line.startswith(f"{start} ")), "")


def _routes(tree: Tree) -> Iterator[Static]:
    hops = (re.match(r"set routing-options static route (\S+) (?:qualified-)?next-hop (\S+)", line) for line in tree)
    for prefix, hop in dict.fromkeys((match[1], match[2]) for match in hops if match):
        start = f"set routing-options static route {prefix} qualified-next-hop {hop}"
        preference = int(_value(tree, f"{start} preference") or 5)
        watched = any(line.startswith(f"{start} bfd-liveness-detection") for line in tree)
        yield Static(prefix, hop, distance=1 if preference == 5 else preference, bfd=watched)


def _groups(tree: Tree) -> Iterator[Gateway]:
    pattern = re.compile(r"(set interfaces (\S+) unit (\S+) .* vrrp-group (\d+)) virtual-address (\S+)")
    for match in (pattern.fullmatch(line) for line in tree):
        if match:
            name = match[2] if match[3] == "0" else f"{match[2]}.{match[3]}"
            priority = int(_value(tree, f"{match[1]} priority") or 100)
            preempts = f"{match[1]} no-preempt" not in tree
            interval = _value(tree, f"{match[1]} fast-interval") or 1000 * int(
                _value(tree, f"{match[1]} advertise-interval") or 1
            )
            start = f"{match[1]} track "
            yield Gateway(
                "vrrp", int(match[4]), name, match[5], priority=priority, preempt=preempts,
                advertisement_ms=int(interval),
                tracks=[line.removeprefix(start) for line in tree if line.startswith(start)],
            )  # fmt: skip


def adopt_state(state: DeviceState, tree: Tree) -> Tree:
    """The configuration after a fault of the state: routes, log hosts, disabled ports, removed groups."""
    if sorted(map(str, _routes(tree))) != sorted(map(str, state.statics)):
        tree = {line: {} for line in tree if not line.startswith("set routing-options static route ")}
        tree |= {f"set {line}": {} for route in state.statics for line in route_lines(route)}
    hosts = _log_hosts(tree)
    lost = tuple(f"set system syslog host {host} " for host in hosts if host not in state.log_hosts)
    tree = {line: {} for line in tree if not line.startswith(lost)}
    tree |= {f"set system syslog host {host} any notice": {} for host in state.log_hosts if host not in hosts}
    present = {(group.interface, group.group) for group in state.gateways}
    for group in [one for one in _groups(tree) if (one.interface, one.group) not in present]:
        tree = {line: {} for line in tree if f" vrrp-group {group.group} " not in line}
    for port in state.ports.values():
        name, _, unit = port.name.partition(".")
        line = f"set interfaces {name}{f' unit {unit}' if unit else ''} disable"
        if port.admin_up:
            tree.pop(line, None)
        else:
            tree[line] = {}
    return _sorted(tree)


# --- answers ----------------------------------------------------------------------------------------------------


def shown(view: View) -> str:
    """Return `show configuration | display set`, filtered by `| match`."""
    wanted = re.compile(view.match.groupdict().get("pattern") or "")
    return "\n".join(line for line in view.running_text.split("\n") if wanted.search(line))


def compared(view: View) -> str:
    """`show | compare`: the candidate against the running configuration."""
    now, then = view.config.running, view.config.candidate
    lines = [*(f"-  {line}" for line in now if line not in then), *(f"+  {line}" for line in then if line not in now)]
    return "\n".join(["[edit]", *lines]) if lines else ""


def commit(view: View) -> str:
    """`commit`, `commit check` and `commit confirmed MINUTES comment TEXT`. Raises Refused."""
    groups = view.match.groupdict()
    if groups.get("check"):
        view.revert_timer.confirm()
        return "configuration check succeeds"
    before = view.config.running
    if groups.get("confirmed"):
        minutes = int(groups.get("minutes") or 10)
        if not 1 <= minutes <= 65_535:
            raise Refused("error: invalid value")
        view.config.commit()
        name = groups.get("comment") or ""
        view.revert_timer.arm(before, minutes * 60, since=view.now, by=view.user, session=-1, name=name)
        armed = f"commit confirmed will be automatically rolled back in {minutes} minutes unless confirmed"
        return f"{armed}\ncommit complete"
    view.revert_timer.confirm()
    view.config.commit()
    return "commit complete"


def rollback(view: View) -> str:
    """`rollback 0` and `rollback 1`: the configuration before the last commit becomes the candidate."""
    if view.match[1] == "0":
        view.config.discard()
        return "load complete"
    pending = view.revert_timer.pending
    if pending is None:
        raise Refused("error: rollback file is not available")
    view.config.put([], pending.tree, "config")
    return "load complete"


def commits(view: View) -> str:
    """`show system commit`."""
    pending = view.revert_timer.pending
    old = "2022-04-12 10:02:55 ICT by root via other"
    if pending is None:
        return f"0   {old}"
    since = f"{pending.since:%Y-%m-%d %H:%M:%S} {abbreviation(pending.since)}"
    newest = f"0   {since} by {pending.by} via cli commit confirmed, rollback in "
    named = [f"    {pending.name}"] if pending.name else []
    return "\n".join([f"{newest}{pending.seconds // 60}mins", *named, "    rollback pending", f"1   {old}"])
