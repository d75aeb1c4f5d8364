"""Values and objects of the lines of a plan: refused, or a risk."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, field

from eventready.change.forms.rules import matches
from eventready.change.forms.tree import Path, Tree, subtree, walk
from eventready.change.safety.addresses import KnownAddresses, check_addresses
from eventready.change.safety.effects import interface_of
from eventready.change.safety.objects import names_in
from eventready.change.safety.ranges import refuse_sums, value_risks
from eventready.change.safety.way_in import WayIn
from eventready.core.errors import RefusedError
from eventready.core.messages import message, rendered
from eventready.platforms.model import ChangeSpec, NamedObject, PlatformSpec
from eventready.workspace.devices.device import Device


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


def check_values(
    platform: PlatformSpec, device: Device, way: WayIn, trees: tuple[Tree, Tree], known: KnownAddresses
) -> tuple[str, ...]:
    """Return the risks of the values written by a plan; existing values of the device are not judged.

    `trees` are the running and the predicted configuration, `known` the addresses of the workspace.

    Raises RefusedError for an address of somebody else or of the device itself, a name without an object, a bundle that
    would be down with all its members, and an action on all traffic of the way in.
    """
    spec, (running, predicted) = platform.change, trees
    if spec is None or spec.values == type(spec.values)():
        return ()
    before = frozenset(walk(running))
    new = [path for path in walk(predicted) if path not in before]
    addresses = check_addresses(spec, device, new, predicted, known)
    now, then = Selection(spec, running), Selection(spec, predicted)
    _refuse_names(spec, device, (now, then), predicted, before)
    _refuse_members(platform, device, new, predicted)
    refuse_sums(spec, device.name, running, predicted)
    risks = [*addresses, *value_risks(spec, running, predicted), *_everything_risks(device, way, now, then)]
    return tuple(dict.fromkeys(risks))


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


# --- selections ----------------------------------------------------------------------------------------------------


def _everything_risks(device: Device, way: WayIn, now: Selection, then: Selection) -> Iterator[str]:
    """Yield a risk for each new action on all traffic. Raises RefusedError on an interface of the way in."""
    for path in sorted(then.actions_on_everything() - now.actions_on_everything()):
        about = {"line": path[-1], "section": path[0], "device": device.name}
        if then.is_on(path, way.interfaces):
            raise RefusedError(message("change:value.everything", station=way.station, **about))
        yield rendered("change:risk.everything", **about)
