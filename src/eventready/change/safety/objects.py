"""Objects of others, on a device and not from an earlier change of ours: used, and never altered."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase

from eventready.change.forms.tree import Path, Tree, identical, subtree, walk
from eventready.change.safety.selection import names_in
from eventready.core.errors import RefusedError
from eventready.core.messages import message
from eventready.platforms.model import ChangeSpec
from eventready.platforms.writable_pattern import is_own_name

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
