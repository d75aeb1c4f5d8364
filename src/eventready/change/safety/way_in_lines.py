"""The lines of a plan on the way in (`way_in`): refused, or a risk. Judged for the plan, and again by `apply`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from eventready.change.forms.known_forms import form_of
from eventready.change.forms.tree import Path, Tree, subtree, walk
from eventready.change.safety.effects import Effects, effects_of, refuse_way_cut, way_risks
from eventready.change.safety.forbidden import object_name
from eventready.change.safety.way_in import WayIn
from eventready.core.errors import RefusedError
from eventready.core.messages import Message, message
from eventready.platforms.model import ChangeSpec, PlatformSpec, WayInSpec
from eventready.workspace.devices.device import Device


@dataclass(frozen=True)
class TouchedLine:
    """Line of a plan on the way in. `conditional`: the route stays while a condition holds."""

    line: str
    section: str
    conditional: bool


def check_way_in(
    platform: PlatformSpec, device: Device, way: WayIn, running: Tree, target: Tree, *, refuses: bool
) -> tuple[str | Message, ...]:
    """Return the risks of a change for the way in. Raises RefusedError for a line on the way in, if `refuses`.

    Otherwise such a line is a risk: of a drill, or of a way back.
    """
    if platform.change is None:
        return ()
    now, then = effects_of(platform.change.effects, running), effects_of(platform.change.effects, target)
    touched = touched_lines(platform, way, running, target)
    cut: str | Message = ""
    try:
        _refuse_way_cut(device, way, now, then)
        if refuses:
            refuse_way_in(device, way, touched)
    except RefusedError as error:
        if refuses:
            raise
        cut = message("change:risk.way_cut", reason=error.cause)
    risks = (*way_risks(way.station, now, then), *way_in_risks(way, touched, now, then))
    return (cut, *risks) if cut else risks


def _refuse_way_cut(device: Device, way: WayIn, now: Effects, then: Effects) -> None:
    """Raise RefusedError if a static route of the way in is lost."""
    static = (route.address for route in way.routes if route.protocol.lower() == "static")
    for address in dict.fromkeys((way.station, *static)):
        refuse_way_cut(device, address, now, then)


def refuse_way_in(device: Device, way: WayIn, touched: Sequence[TouchedLine]) -> None:
    """Raise RefusedError for the first unconditional change of the way in."""
    line = next((one for one in touched if not one.conditional), None)
    if line is None:
        return
    params = {"line": line.line, "device": device.name, "station": way.station, "route": way.shown}
    if line.section:
        raise RefusedError(message("change:way_in.line_in", section=line.section, **params))
    raise RefusedError(message("change:way_in.line", **params))


def way_in_risks(way: WayIn, touched: Sequence[TouchedLine], now: Effects, then: Effects) -> Iterator[Message]:
    """Yield the plan's lines on the way in, new static routes to this machine, and the reason for an unknown way."""
    if way.unread is not None:
        yield message("change:risk.way_unread", reason=way.unread)
    lines = ", ".join(dict.fromkeys(f"`{one.line}`" for one in touched))
    if lines:
        yield message("change:risk.way_line", lines=lines, station=way.station, route=way.shown)
    if way.routes and (moved := _new_route(way.station, now, then)):
        yield message("change:risk.way_moved", line=moved, station=way.station, route=way.shown)


def _new_route(station: str, now: Effects, then: Effects) -> str:
    """Return a new static route to the station, where no static route leads there before the plan."""
    after = then.way_to(station)
    return next(iter(after[1].values())) if after and now.way_to(station) is None else ""


def touched_lines(platform: PlatformSpec, way: WayIn, now: Tree, then: Tree) -> tuple[TouchedLine, ...]:
    """Return the changed lines on the way in, without harmless lines."""
    if platform.way_in is None or platform.change is None or not way.routes:
        return ()
    sections = _Sections(platform.way_in, way, now)
    paths = list(_changed(platform.change, now, then))
    touched = [one for path in paths if (one := sections.classify(path))]
    named = [(path, name) for path in paths if (name := object_name(platform.change, path[0]))]
    used = _used_objects(platform.change, sections, now) if named else {}
    touched += [
        TouchedLine(path[-1], path[0] if len(path) > 1 else used[name], conditional=False)
        for path, name in named
        if name in used
    ]
    return tuple(touched)


def _changed(spec: ChangeSpec, now: Tree, then: Tree) -> Iterator[Path]:
    """Yield the paths of added and removed lines, without headers of new sections and of sections without lines.

    A line that others imply is neither added nor removed with them.
    """
    before, after = dict.fromkeys(walk(now)), dict.fromkeys(walk(then))
    implied = tuple(map(form_of(spec).implied, (now, then)))
    for path in before:
        ends = any(re.fullmatch(pattern, path[-1]) for pattern in spec.implicit)
        if path not in after and not ends and path[0] not in implied[1]:
            yield path
    for path in after:
        if path not in before and not subtree(then, path) and path[0] not in implied[0]:
            yield path


class _Sections:
    """Sections of the interfaces and routing processes on the way in."""

    def __init__(self, spec: WayInSpec, way: WayIn, tree: Tree) -> None:
        self._spec = spec
        self._interfaces = way.interfaces | {name.rpartition(".")[0] or name for name in way.interfaces}
        ports = sorted(way.interfaces | _members(spec, self._interfaces, tree))
        self._ports = [pattern for name in ports for pattern in _of_interface(spec.interface, name)]
        instance = spec.instance.replace("{vrf}", re.escape(way.vrf)) if way.vrf else ""
        self._processes = [
            re.compile(rf"(?:{_filled(section.replace('{instance}', instance), process=route.process)})(?= |$)")
            for route in way.routes
            for protocol, section in spec.processes.items()
            if re.fullmatch(protocol, route.protocol)
        ]
        self._neighbours = self._with_groups(way.neighbours, tree)

    def _with_groups(self, neighbours: frozenset[str], tree: Tree) -> frozenset[str] | None:
        """Return the neighbours with their groups; None (any neighbour) if no line of the processes names them."""
        found = set(neighbours)
        texts = [text for path in walk(tree) if self._in_process(text := " ".join(path))]
        for text in texts:
            for pattern in self._spec.groups:
                if (match := re.search(pattern, text)) and match["neighbour"] in neighbours:
                    found.add(match["group"])
        named = {other["neighbour"] for text in texts if (other := self._other(text)) and "neighbour" in other}
        return frozenset(found) if not named or named & found else None

    def _in_process(self, text: str) -> re.Match[str] | None:
        return next((match for pattern in self._processes if (match := pattern.match(text))), None)

    def _other(self, text: str) -> dict[str, str]:
        """Return the interface or the neighbour of a line of a process."""
        found = (re.search(pattern, text) for pattern in self._spec.others)
        match = next((match for match in found if match), None)
        return {name: value for name, value in match.groupdict().items() if value} if match else {}

    def _is_for_another(self, text: str) -> bool:
        other = self._other(text)
        if neighbour := other.get("neighbour"):
            return self._neighbours is not None and neighbour not in self._neighbours
        return bool(other) and other["interface"] not in self._interfaces

    def classify(self, path: Path) -> TouchedLine | None:
        """Return the line of a path on the way in; None for a harmless line, and for other paths."""
        text = " ".join(path)
        section = next((match for pattern in self._ports if (match := pattern.match(text))), None)
        if section is None:
            section = self._in_process(text)
            if section is None or self._is_for_another(text):
                return None
        rest = text[section.end() :].strip()
        if any(re.fullmatch(pattern, rest) for pattern in self._spec.harmless):
            return None
        conditional = any(re.fullmatch(pattern, rest) for pattern in self._spec.conditional)
        return TouchedLine(path[-1], path[0] if len(path) > 1 else "", conditional)


def _members(spec: WayInSpec, bundles: frozenset[str], tree: Tree) -> frozenset[str]:
    if not spec.members:
        return frozenset()
    found = (re.fullmatch(spec.members, " ".join(path)) for path in walk(tree))
    return frozenset(
        match["interface"] for match in found if match and spec.bundle.replace("{bundle}", match["bundle"]) in bundles
    )


def _of_interface(pattern: str, name: str) -> Iterator[re.Pattern[str]]:
    parent, _, unit = name.rpartition(".")
    yield re.compile(rf"(?:{_filled(pattern, interface=name, parent=parent or name, unit=unit)})(?= |$)")
    if parent and "{interface}" in pattern:
        yield re.compile(rf"(?:{_filled(pattern, interface=parent)})(?= |$)")


def _filled(pattern: str, **values: str) -> str:
    for name, value in values.items():
        pattern = pattern.replace(f"{{{name}}}", re.escape(value) if value else r"\S+")
    return pattern


def _used_objects(spec: ChangeSpec, sections: _Sections, tree: Tree) -> dict[str, str]:
    """Return the words of the way in, and of the objects named by them, each with its line.

    An access list, a policy or a filter counts if its name is one of them, also before it exists.
    """
    headers: dict[str, list[str]] = {}
    for line in tree:
        if name := object_name(spec, line):
            headers.setdefault(name, []).append(line)
    used: dict[str, str] = {}
    waiting = [path for path in walk(tree) if (one := sections.classify(path)) and not one.conditional]
    while waiting:
        path = waiting.pop()
        for word in set(path[-1].split()) - used.keys():
            used[word] = path[-1]
            objects = headers.get(word, ())
            waiting += [(header, *beneath) for header in objects for beneath in ((), *walk(tree[header]))]
    return used
