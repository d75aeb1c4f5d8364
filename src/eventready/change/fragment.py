"""A fragment: the lines that a template gave, as a tree, with what it takes back and where each line came from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from eventready.change import keyed, mml
from eventready.change.errors import FragmentError
from eventready.change.rules import Rules
from eventready.change.tree import Path, Tree, at, copied, lines_of, walk
from eventready.platforms.model import ChangeSpec

#: They would put the next lines into another section than the template shows.
_EXITS = frozenset({"exit", "quit", "end", "return"})


@dataclass(frozen=True)
class Fragment:
    """What is wanted of one device. `removals` are lines (without negation) that must not be there, as whole paths.

    `origins` says of every line and removal which template gave it: `templates/backup/cisco_xe.j2 for edge-vh-1`.
    """

    tree: Tree = field(default_factory=dict)
    removals: tuple[Path, ...] = ()
    origins: Mapping[Path, str] = field(default_factory=dict)
    text: str = ""

    @property
    def empty(self) -> bool:
        """True when nothing is wanted."""
        return not self.tree and not self.removals


def parse_fragment(spec: ChangeSpec, text: str, origin: str) -> Fragment:
    """The fragment that a rendered template is. Raises FragmentError for what the platform's form does not know."""
    if spec.form == "mml":
        tree = mml.parse_commands(spec, text, origin)
    elif spec.form == "keyed":
        tree = keyed.parse_files(spec, text, origin)
    else:
        return _indented(spec, text, origin)
    return Fragment(tree, (), dict.fromkeys(walk(tree), origin), text)


def _indented(spec: ChangeSpec, text: str, origin: str) -> Fragment:
    rules = Rules(spec)
    root: Tree = {}
    removals: list[Path] = []
    stack: list[tuple[int, Path]] = [(-1, ())]
    for depth, line in lines_of(text, spec.separators, spec.loose, spec.volatile):
        while stack[-1][0] >= depth:
            stack.pop()
        above = stack[-1][1]
        if line in _EXITS:
            raise FragmentError(
                f"`{line}` leaves a section by itself",
                where=origin,
                do="Leave it out: indentation tells sections.",
            )
        bare = rules.bare(line) if rules.thing(line) is None else None
        if above in removals:
            raise FragmentError(f"`{line}` stands beneath a line that is taken back", where=origin)
        if bare is not None:
            removals.append((*above, bare))
            stack.append((depth, (*above, bare)))
            continue
        tree = at(root, above)
        rival = rules.rival(line, tree)
        if rival is not None:
            raise FragmentError(
                f"`{rival}` and `{line}` are two values of one thing", where=origin, do="Leave one of them out."
            )
        _mention(rules, tree, line)
        stack.append((depth, (*above, line)))
    if both := next((path for path in removals if path[-1] in at(root, path[:-1])), None):
        raise FragmentError(f"`{both[-1]}` is wanted and taken back", where=origin, do="Leave one of them out.")
    origins = dict.fromkeys([*walk(root), *removals], origin)
    return Fragment(root, tuple(dict.fromkeys(removals)), origins, text)


def _mention(rules: Rules, tree: Tree, line: str) -> None:
    """Put a line into the tree. A section that is there anyway stands where it is mentioned last.

    What an interface uses is then made before, whichever intent speaks of it first.
    """
    there = tree.get(line, {})
    if line in tree and (rules.is_permanent(line) or rules.is_fleeting(line)):
        del tree[line]
    tree.setdefault(line, there)


def join(spec: ChangeSpec, fragments: Iterable[Fragment]) -> Fragment:
    """One fragment out of several intents' for one device, in their order.

    Raises FragmentError where two of them contradict each other, with both origins.
    """
    rules = Rules(spec)
    tree: Tree = {}
    removals: dict[Path, None] = {}
    origins: dict[Path, str] = {}
    texts: list[str] = []
    for fragment in fragments:
        for path in walk(fragment.tree):
            above = at(tree, path[:-1])
            rival = rules.rival_of(path, above)
            if rival is not None:
                _contradiction(rival, path[-1], origins.get((*path[:-1], rival), ""), fragment.origins.get(path, ""))
            if path in removals:
                _contradiction(rules.negated(path[-1]), path[-1], origins.get(path, ""), fragment.origins.get(path, ""))
            _mention(rules, above, path[-1])
        for path in fragment.removals:
            if path[-1] in at(tree, path[:-1]):
                _contradiction(path[-1], rules.negated(path[-1]), origins.get(path, ""), fragment.origins.get(path, ""))
            removals[path] = None
        origins = {**fragment.origins, **origins}
        texts += [fragment.text.rstrip("\n")] if fragment.text.strip() else []
    return Fragment(copied(tree), tuple(removals), origins, "\n".join([*texts, ""]) if texts else "")


def _contradiction(first: str, second: str, origin: str, other: str) -> None:
    raise FragmentError(
        f"`{first}` ({origin}) and `{second}` ({other}) contradict each other",
        do="Give both the same value, or leave one out.",
    )
