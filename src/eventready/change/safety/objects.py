"""Objects of others on a device: used by a plan, and never altered, nor the lines with their names."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Set
from fnmatch import fnmatchcase

from eventready.change.forms.tree import Path, Tree, identical, subtree, walk
from eventready.core.errors import RefusedError
from eventready.core.messages import Message, message
from eventready.platforms.model import ChangeSpec
from eventready.platforms.writable_pattern import is_own_name

#: Kind and name of an object: `("track", "10")`.
Named = tuple[str, str]
_GLOB = re.compile(r"[*?\[]")


def names_in(patterns: Iterable[str], line: str) -> Iterator[str]:
    """Yield the names in a line, by the group `name` of each matching pattern."""
    for pattern in patterns:
        if match := re.fullmatch(pattern, line):
            yield match["name"]


def refuse_altered_objects(
    spec: ChangeSpec, device: str, trees: tuple[Tree, Tree], earlier: Iterable[str], owns: Collection[str]
) -> tuple[Message, ...]:
    """Return a risk for each object altered by the right of a glob of `owns`.

    `trees` are the running and the predicted configuration, `earlier` the lines of standing changes, `owns` the objects
    (`track 10`, `acl 31*`) of the workspace. Objects named `EVENT` or `EVENT-...` are always ours. Raises RefusedError
    for an object of others that is altered or removed, and for a line with its name that is.
    """
    now, then = (_objects(spec, tree) for tree in trees)
    ours = {named for line in earlier for named in defined_by(spec, line)}
    others = {named: parts for named, parts in now.items() if named not in ours and not is_own_name(named[1])}
    altered = {named: next(iter(parts))[-1] for named, parts in others.items() if not _same(parts, then.get(named, {}))}
    altered = {**altered, **_named_by_altered_lines(spec, trees, others.keys() - altered.keys(), frozenset(earlier))}
    globs: dict[Message, None] = {}
    for (kind, name), line in altered.items():
        owned = [one for one in owns if fnmatchcase(f"{kind} {name}", one)]
        if not owned:
            if line in _lines(others[kind, name]):
                raise RefusedError(message("change:value.other_object", kind=kind, name=name, device=device))
            raise RefusedError(message("change:value.other_line", line=line, kind=kind, name=name, device=device))
        if all(map(_GLOB.search, owned)):
            globs[message("change:risk.glob", glob=owned[0], kind=kind, name=name)] = None
    return tuple(globs)


def _named_by_altered_lines(
    spec: ChangeSpec, trees: tuple[Tree, Tree], others: Set[Named], earlier: frozenset[str]
) -> dict[Named, str]:
    """Return the objects of others named by removed or altered lines, each with the first such line.

    A line of an earlier change is ours; a line of an object is judged with the object.
    """
    after, found = frozenset(walk(trees[1])), dict[Named, str]()
    for path in walk(trees[0]):
        if path in after or path[-1] in earlier or any(_defines(spec, line) for line in path):
            continue
        for kind in spec.values.names:
            for name in names_in(kind.used, path[-1]):
                named = (kind.kind, name)
                if named in others:
                    found.setdefault(named, path[-1])
    return found


def _defines(spec: ChangeSpec, line: str) -> bool:
    return next(defined_by(spec, line), None) is not None


def _same(parts: Mapping[Path, Tree], after: Mapping[Path, Tree]) -> bool:
    return parts.keys() == after.keys() and all(identical(parts[path], after[path]) for path in parts)


def _lines(parts: Mapping[Path, Tree]) -> frozenset[str]:
    return frozenset(path[-1] for path in parts)


def _objects(spec: ChangeSpec, tree: Tree) -> Mapping[Named, dict[Path, Tree]]:
    found: dict[Named, dict[Path, Tree]] = {}
    for path in walk(tree):
        for named in defined_by(spec, path[-1]):
            found.setdefault(named, {})[path] = subtree(tree, path)
    return found


def defined_by(spec: ChangeSpec, line: str) -> Iterator[Named]:
    """Yield the objects made by a line, without those built in."""
    for kind in spec.values.names:
        for name in names_in(kind.defined, line):
            if not (kind.built_in and re.fullmatch(kind.built_in, name)):
                yield kind.kind, name
