"""Values and objects of the lines of a plan: refused, or a risk."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from eventready.change.forms.rules import matches
from eventready.change.forms.tree import Path, Tree, identical, subtree, walk
from eventready.change.safety.effects import interface_of
from eventready.change.safety.way_in import WayIn
from eventready.core.errors import RefusedError
from eventready.core.messages import Message, message
from eventready.core.strings.texts import is_address
from eventready.platforms.model import ChangeSpec, NamedObject, PlatformSpec, TimerBounds
from eventready.platforms.writable_pattern import is_own_name
from eventready.workspace.devices.device import Device


def names_in(patterns: Iterable[str], line: str) -> Iterator[str]:
    """Yield the names in a line, by the group `name` of each matching pattern."""
    for pattern in patterns:
        if match := re.fullmatch(pattern, line):
            yield match["name"]


@dataclass
class Selection:
    """Sections of a configuration with the objects named by their lines."""

    spec: ChangeSpec
    tree: Tree
    _defined: dict[tuple[str, str], list[Path]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for path in walk(self.tree):
            for kind in self.spec.values.names:
                for name in names_in(kind.defined, path[-1]):
                    self._defined.setdefault((kind.kind, name), []).append(path)

    def defines(self, kind: NamedObject, name: str) -> bool:
        """Return True for a name of the configuration, or of the device itself."""
        return (kind.kind, name) in self._defined or bool(kind.built_in and re.fullmatch(kind.built_in, name))

    def actions_on_everything(self) -> frozenset[Path]:
        """Return the paths of the actions with a selection of all traffic."""
        spec = self.spec.values.selection
        found = (path for path in walk(self.tree) if matches(spec.actions, path[-1])) if spec.actions else ()
        return frozenset(path for path in found if any(map(self._everything, self._selectors(path[:-1] or path))))

    def is_on(self, path: Path, interfaces: Set[str]) -> bool:
        """Return True for an action on any of these interfaces: by its own line, or by the objects named there."""
        for pattern in self.spec.values.selection.actions:
            match = re.fullmatch(pattern, path[-1])
            if match and "interface" in match.groupdict():
                name = interface_of(self.spec.effects, path, match)
                return not interfaces.isdisjoint((name, name.rpartition(".")[0]))
        return path[0] in self._reached(interfaces)

    def _reached(self, interfaces: Set[str]) -> frozenset[str]:
        """Return the top sections of the objects named by the lines of these interfaces, also through others."""
        sections = {line for line in self.tree if self._is_interface(line, interfaces)}
        waiting = list(sections)
        while waiting:
            top = waiting.pop()
            named = {target[0] for path in ((top,), *walk(self.tree[top], (top,))) for target in self._targets(path)}
            waiting += named - sections
            sections |= named
        return frozenset(sections)

    def _is_interface(self, line: str, interfaces: Set[str]) -> bool:
        match = re.fullmatch(self.spec.effects.interface, line)
        return match is not None and match["interface"] in interfaces

    def _targets(self, path: Path) -> Iterator[Path]:
        """Yield the sections of the objects named by a line."""
        for kind in self.spec.values.names:
            for name in names_in(kind.used, path[-1]):
                yield from self._defined.get((kind.kind, name), ())

    def _selectors(self, section: Path) -> Iterator[Path]:
        """Yield the sections with the selection of an action: its own, or the bound sections."""
        bound = self.spec.values.selection.bound
        if not bound:
            yield section
            return
        for path in walk(self.tree):
            match = re.fullmatch(bound, path[-1])
            if match and match["action"] == section[-1].split()[-1]:
                yield from (one for one in self._targets(path) if match["selector"] in one[-1].split())

    def _everything(self, section: Path, seen: frozenset[Path] = frozenset()) -> bool:
        spec, lines = self.spec.values.selection, list(subtree(self.tree, section))
        if section in seen:
            return False
        if matches(spec.always, section[-1]) or any(matches(spec.any, line) for line in (section[-1], *lines)):
            return True
        within = seen | {section}
        filters = [(*section, line) for line in lines if matches(spec.filter, line)]
        if filters:
            chosen = (any(self._everything(one, within) for one in self._targets(path)) for path in filters)
            return all(chosen) if matches(spec.all_of, section[-1]) else any(chosen)
        if any(self._everything(one, within) for one in self._targets(section)):
            return True
        return matches(spec.selecting, section[-1])


#: Kind and name of an object: `("track", "10")`.
Named = tuple[str, str]


def refuse_altered_objects(
    spec: ChangeSpec, device: str, trees: tuple[Tree, Tree], earlier: Iterable[str], owns: Collection[str]
) -> None:
    """Raise RefusedError for an object of others altered or removed by a plan.

    `trees` are the running and the predicted configuration, `earlier` the lines of standing changes, `owns` the globs
    of objects (`track 10`, `acl 31*`) of the workspace. Objects named `EVENT` or `EVENT-...` are always ours.
    """
    now, then = (_objects(spec, tree) for tree in trees)
    ours = {named for line in earlier for named in _defined_by(spec, line)}
    for (kind, name), parts in now.items():
        if is_own_name(name) or (kind, name) in ours or any(fnmatchcase(f"{kind} {name}", one) for one in owns):
            continue
        after = then.get((kind, name), {})
        if parts.keys() != after.keys() or not all(identical(parts[path], after[path]) for path in parts):
            raise RefusedError(message("change:value.other_object", kind=kind, name=name, device=device))


def _objects(spec: ChangeSpec, tree: Tree) -> Mapping[Named, dict[Path, Tree]]:
    found: dict[Named, dict[Path, Tree]] = {}
    for path in walk(tree):
        for named in _defined_by(spec, path[-1]):
            found.setdefault(named, {})[path] = subtree(tree, path)
    return found


def _defined_by(spec: ChangeSpec, line: str) -> Iterator[Named]:
    for kind in spec.values.names:
        for name in names_in(kind.defined, line):
            if not (kind.built_in and re.fullmatch(kind.built_in, name)):
                yield kind.kind, name


def check_values(
    platform: PlatformSpec, device: Device, way: WayIn, running: Tree, predicted: Tree
) -> tuple[Message, ...]:
    """Return the risks of the values written by a plan; existing values of the device are not judged.

    Raises RefusedError for an address of somebody else or of the device itself, a name without an object, a bundle that
    would be down with all its members, and an action on all traffic of the way in.
    """
    spec = platform.change
    if spec is None or spec.values == type(spec.values)():
        return ()
    before = frozenset(walk(running))
    new = [path for path in walk(predicted) if path not in before]
    _refuse_addresses(spec, device, new, predicted)
    now, then = Selection(spec, running), Selection(spec, predicted)
    _refuse_names(spec, device, (now, then), predicted, before)
    _refuse_members(platform, device, new, predicted)
    risks = [*_timer_risks(spec, new), *_everything_risks(device, way, now, then)]
    return tuple(dict.fromkeys(risks))


# --- addresses ----------------------------------------------------------------------------------------------------


def _refuse_addresses(spec: ChangeSpec, device: Device, new: Iterable[Path], tree: Tree) -> None:
    values = spec.values
    lines = [path[-1] for path in walk(tree)]
    own, virtual = _addresses(values.addresses, lines), _addresses(values.virtual, lines)
    others = {
        **dict.fromkeys((*device.expect.bfd_addresses, *(device.expect.bgp or ())), "expect"),
        **_addresses((*values.neighbours, *values.towards), lines),
    }
    for path in new:
        line = path[-1]
        about = {"line": line, "device": device.name}
        for address in _addresses(values.virtual, [line]):
            if address in own:
                raise RefusedError(message("change:value.virtual_own", address=address, **about))
            if address in others:
                raise RefusedError(
                    message("change:value.virtual_other", address=address, other=others[address], **about)
                )
        for address in _addresses(values.towards, [line]):
            if address in own or address in virtual:
                raise RefusedError(message("change:value.towards_own", address=address, **about))
            if not _may_be_next(address):
                raise RefusedError(message("change:value.towards_none", address=address, **about))


def _addresses(patterns: Iterable[str], lines: Iterable[str]) -> Mapping[str, str]:
    """Return the addresses of lines, each with its line; a prefix length is left out."""
    found = (
        (match["address"].partition("/")[0], line)
        for line in lines
        for pattern in patterns
        if (match := re.fullmatch(pattern, line))
    )
    return {address: line for address, line in found if is_address(address)}


def _may_be_next(text: str) -> bool:
    """Return True for an address of a single device: no loopback, multicast, broadcast or unspecified address."""
    address = ipaddress.ip_address(text)
    nowhere = address.is_loopback or address.is_multicast or address.is_unspecified
    return not nowhere and text != "255.255.255.255"


# --- names --------------------------------------------------------------------------------------------------------


def _refuse_names(
    spec: ChangeSpec, device: Device, selections: tuple[Selection, Selection], tree: Tree, before: frozenset[Path]
) -> None:
    """Raise RefusedError for the name of an object absent from the plan, or removed by the plan."""
    now, then = selections
    for path in walk(tree):
        for kind in spec.values.names:
            for pattern in kind.used:
                match = re.fullmatch(pattern, path[-1])
                if match is None or then.defines(kind, match["name"]):
                    continue
                if path not in before or now.defines(kind, match["name"]):
                    raise RefusedError(
                        message(
                            "change:value.name", line=path[-1], kind=kind.kind, name=match["name"], device=device.name
                        )
                    )


# --- bundles ------------------------------------------------------------------------------------------------------


def _refuse_members(platform: PlatformSpec, device: Device, new: Iterable[Path], tree: Tree) -> None:
    spec, way_in = platform.change, platform.way_in
    if spec is None or way_in is None or not spec.values.min_links or not way_in.members:
        return
    bundles = [
        way_in.bundle.replace("{bundle}", match["bundle"])
        for path in walk(tree)
        if (match := re.fullmatch(way_in.members, " ".join(path)))
    ]
    for path in new:
        match = re.fullmatch(spec.values.min_links, path[-1])
        if match is None:
            continue
        bundle = interface_of(spec.effects, path, match)
        members = bundles.count(bundle)
        if 0 < members < int(match["links"]):
            raise RefusedError(
                message("change:value.min_links", line=path[-1], bundle=bundle, members=members, device=device.name)
            )


# --- timers and selections ----------------------------------------------------------------------------------------


def _timer_risks(spec: ChangeSpec, new: Iterable[Path]) -> Iterator[Message]:
    for path in new:
        for bounds in spec.values.timers:
            match = re.fullmatch(bounds.line, path[-1])
            value = _measured(match.groupdict()) if match else None
            if value is not None and not bounds.least <= value <= bounds.most:
                yield message(f"change:risk.{bounds.timer}_{_side(bounds, value)}", line=path[-1])


def _side(bounds: TimerBounds, value: float) -> str:
    return "fast" if value < bounds.least else "slow"


def _measured(groups: Mapping[str, str | None]) -> float | None:
    if seconds := groups.get("seconds"):
        return 1000 * float(seconds)
    found = groups.get("ms") or groups.get("times")
    return float(found) if found else None


def _everything_risks(device: Device, way: WayIn, now: Selection, then: Selection) -> Iterator[Message]:
    """Yield a risk for each new action on all traffic. Raises RefusedError on an interface of the way in."""
    for path in sorted(then.actions_on_everything() - now.actions_on_everything()):
        about = {"line": path[-1], "section": path[0], "device": device.name}
        if then.is_on(path, way.interfaces):
            raise RefusedError(message("change:value.everything", station=way.station, **about))
        yield message("change:risk.everything", **about)
