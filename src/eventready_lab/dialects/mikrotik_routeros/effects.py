"""The configuration of a RouterOS router as its export with a line per item: initial form, edits, safe mode.

Every line acts at once and is kept over a restart. In safe mode the lines since its begin are undone with the session.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from eventready_lab.device.configuration.tree import Layout, Tree
from eventready_lab.device.dialect import Refused
from eventready_lab.device.state import DeviceState, Gateway, Port, Static
from eventready_lab.device.view import View
from eventready_lab.dialects._shared.grammar_file import load_grammar
from eventready_lab.dialects._shared.state_sync import follow_groups

GRAMMAR = load_grammar("eventready_lab.dialects.mikrotik_routeros")
#: Properties by menu with the defaults that an export omits, properties without a default, ranges of numbers.
_MENUS: Mapping[str, Mapping[str, str]] = {menu: one["defaults"] for menu, one in GRAMMAR.tables["menus"].items()}
_NEEDED: Mapping[str, Sequence[str]] = {menu: one.get("needed", ()) for menu, one in GRAMMAR.tables["menus"].items()}
_RANGES: Mapping[str, Mapping[str, Sequence[int]]] = {
    menu: one.get("ranges", {}) for menu, one in GRAMMAR.tables["menus"].items()
}
_LINE = re.compile(r"(/[a-z][a-z -]*?) (add|set|remove)(?: (.*))?")
#: `name=value`, or `!name` for none.
_PROPERTY = re.compile(r'(?:([a-z][a-z0-9-]*)=("(?:[^"\\]|\\.)*"|[^\s"]*)|!([a-z][a-z0-9-]*))(?: |$)')
#: A safe mode has no time of its own: it ends with its session.
_FOREVER_S = 10**9
CONFLICT = "Safe Mode is taken by current user in another session. Unroll, release or abort [u/r]?"


@dataclass(frozen=True)
class ExportLayout(Layout):
    """`/export terse`."""

    def text(self, tree: Tree) -> str:
        """A line per item."""
        return "\n".join(tree)


def export(view: View) -> str:
    """`/export terse`, and a line as end mark."""
    head = f"# {view.now:%Y-%m-%d %H:%M:%S} by RouterOS {view.state.version}\n# software id = 1234-ABCD\n#"
    return f"{head}\n{view.running_text}\nend: yes"


def _parsed(text: str) -> dict[str, str] | None:
    found: dict[str, str] = {}
    position = 0
    while position < len(text.rstrip()):
        match = _PROPERTY.match(text, position)
        if match is None:
            return None
        value = match[2] or ""
        found[match[1] or match[3]] = re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value
        position = match.end()
    return found


def _line(menu: str, properties: dict[str, str]) -> str:
    shown = {
        name: value
        for name, value in properties.items()
        if value != _MENUS[menu].get(name, "") or name in _NEEDED.get(menu, ())
    }
    words = (
        name + "=" + (value if re.fullmatch(r"[\w.:/,-]+", value) else f'"{value}"')
        for name, value in sorted(shown.items())
    )
    return " ".join([f"{menu} {'add' if menu != '/ip settings' else 'set'}", *words])


def edit(view: View) -> str:
    """`add`, `set` and `remove`. Raises Refused."""
    match = _LINE.fullmatch(view.match[0])
    menu = match[1] if match else ""
    if match is None or menu not in _MENUS:
        raise Refused("bad command name (line 1 column 1)")
    verb, rest = match[2], match[3] or ""
    found = re.match(r"\[find ([^\]]*)\] ?", rest)
    given = _parsed(rest[found.end() :] if found else rest)
    if given is None or any(name not in _MENUS[menu] and name not in _NEEDED.get(menu, ()) for name in given):
        raise Refused("expected end of command (line 1 column 20)")
    _check_ranges(menu, given)
    tree = view.config.running
    if verb == "add":
        changed = _added(menu, given, tree)
    else:
        chosen = _chosen(menu, _parsed(found[1]) or {} if found else {}, tree)
        changed = _edited(menu, verb, given, chosen, tree)
    view.config.put([], changed, "config")
    return ""


def _check_ranges(menu: str, given: dict[str, str]) -> None:
    for name, (least, most) in _RANGES[menu].items():
        if given.get(name) and not (given[name].isdigit() and least <= int(given[name]) <= most):
            raise Refused(f"value of {name} out of range ({least}..{most})")


def _added(menu: str, given: dict[str, str], tree: Tree) -> Tree:
    if missing := [name for name in _NEEDED.get(menu, ()) if name not in given]:
        raise Refused(f"missing value(s) of argument(s) {' '.join(missing)}")
    line = _line(menu, given)
    if line in tree or ("name" in given and _chosen(menu, {"name": given["name"]}, tree)):
        raise Refused("failure: already have such item")
    last = max((at for at, one in enumerate(tree) if one.startswith(f"{menu} ")), default=len(tree) - 1)
    lines = [*list(tree)[: last + 1], line, *list(tree)[last + 1 :]]
    return {one: {} for one in lines}


def _chosen(menu: str, wanted: dict[str, str], tree: Tree) -> list[str]:
    """The lines of the items with these properties."""
    found = []
    for line in tree:
        match = _LINE.fullmatch(line)
        if match and match[1] == menu:
            item = {**_MENUS[menu], **(_parsed(match[3] or "") or {})}
            found += [line] if all(item.get(name) == value for name, value in wanted.items()) else []
    return found


def _edited(menu: str, verb: str, given: dict[str, str], chosen: list[str], tree: Tree) -> Tree:
    if verb == "remove":
        return {line: {} for line in tree if line not in chosen}
    if menu == "/ip settings":
        properties = {**(_parsed(chosen[0].partition(" set ")[2]) or {} if chosen else {}), **given}
        rest: Tree = {line: {} for line in tree if line not in chosen}
        line = _line(menu, properties)
        return rest if line == f"{menu} set" else {**rest, line: {}}
    if not chosen:
        raise Refused("no such item")
    changed = {line: _line(menu, {**(_parsed(line.partition(" add ")[2]) or {}), **given}) for line in chosen}
    return {changed.get(line, line): {} for line in tree}


# --- safe mode ----------------------------------------------------------------------------------------------------


def safe_mode(view: View) -> str:
    """Ctrl-X: take the safe mode, or release the safe mode and keep the lines. Raises Refused if another session holds
    the safe mode."""
    pending = view.revert_timer.pending
    if pending and pending.session != view.session:
        raise Refused(CONFLICT)
    if pending:
        view.revert_timer.confirm()
        return "Releasing Safe Mode... Success!"
    tree = copy.deepcopy(view.config.running)
    view.revert_timer.arm(tree, _FOREVER_S, since=view.now, by=view.user, session=view.session)
    return "Taking Safe Mode session... Success!"


def history(view: View) -> str:
    """`/system history print`: lines in safe mode are marked as floating."""
    pending, running = view.revert_timer.pending, view.config.running
    floating = [line for line in running if pending and line not in pending.tree]
    floating += [line for line in (pending.tree if pending else ()) if line not in running]
    rows = [f"F  {line.split(' ')[0][1:]} item changed  {view.user}  write" for line in floating]
    return "\n".join(["Flags: U, F - FLOATING-UNDO", "Columns: ACTION, BY, POLICY", "   ACTION  BY  POLICY", *rows])


# --- initial configuration and state ------------------------------------------------------------------------------


def initial(state: DeviceState) -> str:
    """The export of a healthy router."""
    lines = list(_interfaces(state))
    lines += ["/ip address add address=192.0.2.94/24 interface=ether1"]
    lines += [_route_line(route) for route in state.statics]
    lines += [
        f"/system logging action add name=remote{n} remote={host} target=remote"
        for n, host in enumerate(state.log_hosts)
    ]
    return "\n".join([*lines, f"/system identity set name={state.hostname or state.name}"])


def _interfaces(state: DeviceState) -> Iterator[str]:
    for port in state.ports.values():
        bundle = next((one for one in state.bundles if one.name == port.name), None)
        if bundle:
            given = {"mode": "802.3ad", "name": bundle.name, "slaves": ",".join(bundle.members)}
            yield _line("/interface bonding", {**given, "min-links": str(bundle.min_links)})
        elif "vlan" not in port.name:
            own = f"{_disabled(port)}{_comment(port)} name={port.name}"
            yield f"/interface ethernet set [ find default-name={port.name} ]{own}"
    for group in state.gateways:
        yield _line("/interface vrrp", _vrrp(group))


def _disabled(port: Port) -> str:
    return "" if port.admin_up else " disabled=yes"


def _comment(port: Port) -> str:
    return f' comment="{port.description}"' if port.description else ""


def _vrrp(group: Gateway) -> dict[str, str]:
    return {
        "interface": group.interface, "name": f"vrrp{group.group}", "vrid": str(group.group),
        "priority": str(group.priority), "preemption-mode": "yes" if group.preempt else "no",
        "interval": _interval(group.advertisement_ms),
    }  # fmt: skip


def _route_line(route: Static) -> str:
    watch = {"check-gateway": "ping"} if route.bfd or route.track else {}
    given = {"dst-address": route.prefix, "gateway": route.next_hop, "distance": str(route.distance), **watch}
    return _line("/ip route", given)


def _items(tree: Tree, menu: str) -> Iterator[dict[str, str]]:
    for line in tree:
        match = _LINE.fullmatch(line)
        if match and match[1] == menu:
            yield {**_MENUS[menu], **(_parsed(match[3] or "") or {})}


def apply_to_state(state: DeviceState, tree: Tree) -> None:
    """Update ports, bundles, gateway groups, routes, log hosts and host name from the configuration."""
    for port in state.ports.values():
        line = next((one for one in tree if f"default-name={port.name} ]" in one), "")
        if line:
            port.admin_up = " disabled=yes" not in line
            match = re.search(r'comment="([^"]*)"', line)
            port.description = match[1] if match else ""
    least = {item["name"]: int(item["min-links"]) for item in _items(tree, "/interface bonding")}
    for bundle in state.bundles:
        bundle.min_links = max(1, least.get(bundle.name, 0))
    state.statics = [
        Static(
            item["dst-address"], item["gateway"], distance=int(item["distance"]), bfd=item["check-gateway"] == "ping"
        )
        for item in _items(tree, "/ip route")
    ]
    state.log_hosts = [match[1] for line in tree if (match := re.search(r" remote=(\S+) target=remote", line))]
    state.hostname = next(
        (line.rpartition("=")[2] for line in tree if line.startswith("/system identity ")), state.hostname
    )
    addresses = {group.group: group.virtual_ip for group in state.gateways}
    follow_groups(state, [
        Gateway("vrrp", int(item["vrid"]), item["interface"], addresses.get(int(item["vrid"]), ""),
                priority=int(item["priority"]), preempt=item["preemption-mode"] == "yes",
                advertisement_ms=_milliseconds(item["interval"]))
        for item in _items(tree, "/interface vrrp")
    ])  # fmt: skip


def _interval(milliseconds: int) -> str:
    return f"{milliseconds // 1000}s" if milliseconds >= 1000 else f"{milliseconds}ms"


def _milliseconds(interval: str) -> int:
    """`1s` or `500ms` in milliseconds."""
    return int(interval.removesuffix("ms")) if interval.endswith("ms") else 1000 * int(interval.removesuffix("s"))


def adopt_state(state: DeviceState, tree: Tree) -> Tree:
    """Return the configuration after a fault of the state: the items of the state, in their old places."""
    own = ("/interface ethernet ", "/interface vrrp ", "/ip route ", "/system logging ")
    wanted = [line for line in initial(state).split("\n") if line.startswith(own)]
    kept = [line for line in tree if not line.startswith(own) or line in wanted]
    return {line: {} for line in [*kept, *(line for line in wanted if line not in kept)]}
