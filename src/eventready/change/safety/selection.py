"""Selection of traffic by the sections of policies, computed on sets of networks and marks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Set
from dataclasses import dataclass, field

from eventready.change.forms.rules import matches
from eventready.change.forms.tree import Path, Tree, subtree, walk
from eventready.change.safety.effects import interface_of
from eventready.change.safety.objects import names_in
from eventready.change.safety.traffic import ALL, Selected, common, covers_all, dscp_values, network_of
from eventready.platforms.model import ChangeSpec, NamedObject


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
        """Return the paths of the actions with a selection of all traffic, alone or together.

        Sections of one kind with another number (`route-map EVENT permit 10` and `20`) are added up.
        """
        actions = self.spec.values.selection.actions
        found: dict[tuple[str, ...], list[tuple[Path, list[Selected]]]] = {}
        for path in walk(self.tree) if actions else ():
            if matches(actions, path[-1]):
                section = path[:-1] or path
                chosen = [one for selector in self._selectors(section) for one in self._selection(selector)]
                found.setdefault(tuple(re.sub(r"\d+", "#", line) for line in section), []).append((path, chosen))
        return frozenset(
            path
            for parts in found.values()
            if covers_all([one for _path, chosen in parts for one in chosen])
            for path, _chosen in parts
        )

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

    def _selection(self, section: Path, seen: frozenset[Path] = frozenset()) -> list[Selected]:
        """Return the traffic selected by a section; none for a selection by other marks than addresses and DSCP."""
        spec, lines = self.spec.values.selection, list(subtree(self.tree, section))
        if section in seen:
            return []
        if matches(spec.always, section[-1]) or any(matches(spec.any, line) for line in (section[-1], *lines)):
            return [ALL]
        within = seen | {section}
        filters = [(*section, line) for line in lines if matches(spec.filter, line)]
        if filters:
            chosen = [[*self._of_line(path[-1]), *self._of_targets(path, within)] for path in filters]
            return common(chosen) if matches(spec.all_of, section[-1]) else [one for some in chosen for one in some]
        own = [one for line in (section[-1], *lines) for one in self._of_line(line)]
        found = [*own, *self._of_targets(section, within)]
        return found or ([ALL] if matches(spec.selecting, section[-1]) else [])

    def _of_targets(self, path: Path, seen: frozenset[Path]) -> Iterator[Selected]:
        for target in self._targets(path):
            yield from self._selection(target, seen)

    def _of_line(self, line: str) -> Iterator[Selected]:
        spec = self.spec.values.selection
        for pattern in spec.networks:
            if match := re.fullmatch(pattern, line):
                groups = match.groupdict()
                source, destination = (network_of(groups.get(end) or "any") for end in ("source", "destination"))
                if source and destination:
                    yield Selected(source, destination)
        if spec.dscp and (match := re.fullmatch(spec.dscp, line)):
            yield Selected(dscp=dscp_values(match["dscp"]))
