"""The configuration of an IOS XR router: initial form, sections, trial commit, and its effect on the state."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from eventready_lab.device.configuration.grammar import AcceptedLine
from eventready_lab.device.configuration.tree import Layout, Tree
from eventready_lab.device.dialect import Refused
from eventready_lab.device.state import DeviceState, Gateway, Static
from eventready_lab.device.view import View
from eventready_lab.dialects._shared.grammar_file import load_grammar
from eventready_lab.dialects._shared.state_sync import adopt_lines, adopt_shut, follow_groups

_HOP = r"\d+(?:\.\d+){3}"
_LEAST_S, _MOST_S, _DEFAULT_S = 30, 65_535, 600
#: `commit`, `commit confirmed 300`, `commit confirmed minutes 5`, each with a comment.
COMMIT = r"commit(?P<trial> confirmed(?: (?P<minutes>minutes )?(?P<count>\d+))?)?(?: comment .*)?"
IN_USE = "Cannot enter exclusive mode. A trial commit is underway in another configuration session."


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


def _route_line(route: Static) -> str:
    parts = [route.prefix, route.interface, route.next_hop, str(route.distance) if route.distance != 1 else ""]
    watch = f"track {route.track}" if route.track else "bfd fast-detect" if route.bfd else ""
    return " ".join(part for part in (*parts, watch) if part)


GRAMMAR = load_grammar("eventready_lab.dialects.cisco_xr", interpret=_interpret, route_line=_route_line)

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
