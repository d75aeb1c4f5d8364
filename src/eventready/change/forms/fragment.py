"""Configuration fragments: a rendered template as a tree, with removals and origins."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from eventready.change.errors import FragmentError
from eventready.change.forms import host_files, keyed, menus, mml, paths
from eventready.change.forms.rules import Rules
from eventready.change.forms.tree import Path, Tree, copy_tree, significant_lines, subtree, walk
from eventready.core.messages import message
from eventready.platforms.model import ChangeSpec

#: Lines that leave a section: the following lines would apply to another section than their indentation shows.
SECTION_EXITS = frozenset({"exit", "quit", "end", "return"})

#: Parsers of a rendered template, by form: lines to have, and paths to remove.
_PARSERS: Mapping[str, Callable[[ChangeSpec, str, str], tuple[Tree, tuple[Path, ...]]]] = {
    "mml": mml.parse_commands,
    "keyed": keyed.parse_files,
    "host_files": host_files.parse_fragment,
    "paths": paths.parse_paths,
    "menus": menus.parse_menus,
}


@dataclass(frozen=True)
class Fragment:
    """Target lines of a device. `removals` are full paths of lines (without negation) to be absent.

    `origins` maps every line and removal to its template: `templates/backup/cisco_xe.j2 for edge-vh-1`.
    """

    tree: Tree = field(default_factory=dict)
    removals: tuple[Path, ...] = ()
    origins: Mapping[Path, str] = field(default_factory=dict)
    text: str = ""

    @property
    def empty(self) -> bool:
        """Return True if there is neither a line nor a removal."""
        return not self.tree and not self.removals


def parse_fragment(spec: ChangeSpec, text: str, origin: str) -> Fragment:
    """Parse a rendered template. Raises FragmentError for a line not allowed by the platform's form."""
    tree, removals = _PARSERS.get(spec.form, _parse_indented)(spec, text, origin)
    return Fragment(tree, removals, dict.fromkeys([*walk(tree), *removals], origin), text)


def _parse_indented(spec: ChangeSpec, text: str, origin: str) -> tuple[Tree, tuple[Path, ...]]:
    rules = Rules(spec)
    root: Tree = {}
    removals: list[Path] = []
    stack: list[tuple[int, Path]] = [(-1, ())]
    for depth, line in significant_lines(text, spec.separators, spec.blank_insensitive, spec.volatile):
        while stack[-1][0] >= depth:
            stack.pop()
        above = stack[-1][1]
        if line in SECTION_EXITS:
            raise FragmentError(message("change:lines.leaves", line=line), where=origin)
        bare = rules.without_negation(line) if rules.setting(line) is None else None
        if above in removals:
            raise FragmentError(message("change:lines.in_removed", line=line), where=origin)
        if bare is not None:
            removals.append((*above, bare))
            stack.append((depth, (*above, bare)))
            continue
        tree = subtree(root, above)
        conflict = rules.conflicting(line, tree)
        if conflict is not None:
            raise FragmentError(message("change:lines.two_values_choose", one=conflict, other=line), where=origin)
        _mention(rules, tree, line)
        stack.append((depth, (*above, line)))
    if both := next((path for path in removals if path[-1] in subtree(root, path[:-1])), None):
        raise FragmentError(message("change:lines.set_and_removed", line=both[-1]), where=origin)
    return root, tuple(dict.fromkeys(removals))


def _mention(rules: Rules, tree: Tree, line: str) -> None:
    """Add a line to the tree. A permanent or implicit section moves to its last mention.

    Objects that an interface uses are then created before it, whichever intent mentions the interface first.
    """
    there = tree.get(line, {})
    if line in tree and (rules.is_permanent(line) or rules.is_implicit(line)):
        del tree[line]
    tree.setdefault(line, there)


def join_fragments(spec: ChangeSpec, fragments: Iterable[Fragment]) -> Fragment:
    """Join the fragments of several intents for a device, in their order.

    Raises FragmentError, with both origins, where two contradict each other.
    """
    rules = Rules(spec)
    tree: Tree = {}
    removals: dict[Path, None] = {}
    origins: dict[Path, str] = {}
    texts: list[str] = []
    for fragment in fragments:
        for path in walk(fragment.tree):
            above = subtree(tree, path[:-1])
            conflict = rules.conflicting_at(path, above)
            if conflict is not None:
                _contradiction(
                    conflict, path[-1], origins.get((*path[:-1], conflict), ""), fragment.origins.get(path, "")
                )
            if path in removals:
                _contradiction(rules.negated(path[-1]), path[-1], origins.get(path, ""), fragment.origins.get(path, ""))
            _mention(rules, above, path[-1])
        for path in fragment.removals:
            if path[-1] in subtree(tree, path[:-1]):
                _contradiction(path[-1], rules.negated(path[-1]), origins.get(path, ""), fragment.origins.get(path, ""))
            removals[path] = None
        if spec.form == "paths" and (both := paths.contradiction(tree, removals)):
            line, gone = both
            known = {**fragment.origins, **origins}
            _contradiction(line, rules.negated(gone[0]), known.get((line,), ""), known.get(gone, ""))
        origins = {**fragment.origins, **origins}
        texts += [fragment.text.rstrip("\n")] if fragment.text.strip() else []
    return Fragment(copy_tree(tree), tuple(removals), origins, "\n".join([*texts, ""]) if texts else "")


def _contradiction(first: str, second: str, origin: str, other: str) -> None:
    raise FragmentError(message("change:lines.contradict", first=first, origin=origin, second=second, other=other))
