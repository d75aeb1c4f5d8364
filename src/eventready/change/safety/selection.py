"""Actions on all traffic: redirection, policing and queueing by a selection without an exception."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, field

from eventready.change.forms.rules import matches
from eventready.change.forms.tree import Path, Tree, subtree, walk
from eventready.change.safety.effects import interface_of
from eventready.platforms.model import ChangeSpec, NamedObject


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
