"""Configurations of whole paths: every line names a statement from the top (`set interfaces ae0 mtu 9000`).

Tree: {"set interfaces ae0 mtu 9000": {}, "deactivate protocols isis": {}}. A line that is the beginning of another one
is not printed. The device commits all lines together, so that their order has no effect in between.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from eventready.change.errors import FragmentError, UnreadableConfiguration
from eventready.change.forms.rules import Rules
from eventready.change.forms.tree import Path, Tree, significant_lines
from eventready.core.messages import message
from eventready.platforms.model import ChangeSpec

_SET, _OFF, _ON = "set ", "deactivate ", "activate "
#: Words between blanks; a quoted text is one word.
_WORDS = re.compile(r'"(?:[^"\\]|\\.)*"|[^\s"]+')
#: A removal never names a whole section of the top.
_LEAST_WORDS = 2


def parse_paths(spec: ChangeSpec, text: str, origin: str) -> tuple[Tree, tuple[Path, ...]]:
    """Parse a rendered template: lines to set, and paths to remove. Raises FragmentError."""
    rules, tree, removals = Rules(spec), dict[str, Tree](), list[Path]()
    for _, line in significant_lines(text, spec.separators, spec.blank_insensitive, spec.volatile):
        bare = rules.without_negation(line)
        if not (bare or line).startswith(_SET):
            raise FragmentError(message("change:paths.form", line=line, set=_SET, negation=spec.negation), where=origin)
        if bare is not None:
            removals.append((bare,))
            continue
        if (conflict := rules.conflicting(line, tree)) is not None:
            raise FragmentError(message("change:lines.two_values_choose", one=conflict, other=line), where=origin)
        tree[line] = {}
    if both := contradiction(tree, removals):
        raise FragmentError(message("change:lines.set_and_removed", line=both[0]), where=origin)
    return tree, tuple(dict.fromkeys(removals))


def contradiction(tree: Tree, removals: Iterable[Path]) -> tuple[str, Path] | None:
    """Return a line set beneath a removed statement, and the removal."""
    return next(((line, gone) for line in tree for gone in removals if is_beneath(line, gone[0])), None)


def read_paths(spec: ChangeSpec, text: str, device: str) -> Tree:
    """Parse the configuration printed by the device. Raises UnreadableConfiguration for a line without a command."""
    tree: Tree = {}
    for _, line in significant_lines(text, spec.separators, volatile=spec.volatile):
        if not line.startswith((_SET, _OFF, "protect ")):
            raise UnreadableConfiguration(message("change:unread.no_statement", device=device, line=line[:80]))
        tree[line] = {}
    return tree


def merge(spec: ChangeSpec, running: Tree, wanted: Tree, removals: Iterable[Path], origins: Mapping[Path, str]) -> Tree:
    """Return the configuration after the device has accepted the lines and the removals of a fragment.

    Raises FragmentError for a line beneath a deactivated statement, and for a removal that empties its section.
    """
    rules = Rules(spec)
    result: Tree = dict(running)
    for path in removals:
        gone = [one for one in result if is_beneath(one, path[0])]
        result = {one: {} for one in result if one not in gone}
        if gone:
            _refuse_emptied(spec, _statements((*result, *wanted)), path[0], origins.get(path, ""))
    inactive = {_statement(one): one for one in result if one.startswith(_OFF)}
    known, replaced, new = _statements(result), dict[str, str](), list[str]()
    for line in wanted:
        if off := next((inactive[one] for one in _beginnings(_statement(line)) if one in inactive), ""):
            raise FragmentError(
                message("change:paths.inactive", off=off, line=line, on=_ON, statement=_statement(off)),
                where=origins.get((line,), ""),
            )
        if _statement(line) in known:
            continue
        if (conflict := rules.conflicting(line, result)) is not None:
            replaced[conflict] = line
        else:
            new.append(line)
        known.update(_beginnings(_statement(line)))
    result = {replaced.get(one, one): {} for one in result}
    for line in new:
        for one in _beginnings(_statement(line)):  # the beginning of another line is not printed
            result.pop(f"{_SET}{one}", None)
        result[line] = {}
    return _in_order(spec, result, list(wanted))


def _refuse_emptied(spec: ChangeSpec, left: Collection[str], removed: str, origin: str) -> None:
    """Raise FragmentError if the statement around a removed path has no other line: the device may keep or remove the
    statement."""
    above = _prefixes(spec, removed)
    if above and _statement(above[-1]) not in left:
        raise FragmentError(
            message("change:paths.empty", above=above[-1], removed=removed, removal=_removal(spec, above[-1])),
            where=origin,
        )


def _in_order(spec: ChangeSpec, tree: Tree, wanted: Sequence[str]) -> Tree:
    """Return the tree with the entries of ordered lists in the order of `wanted`: misplaced ones move to the end."""
    for start, entries in _entries(spec, wanted).items():
        if [entry for entry in _entries(spec, tree)[start] if entry in entries] != entries:
            moved = [line for entry in entries for line in tree if is_beneath(line, f"{start} {entry}")]
            tree = {**{line: {} for line in tree if line not in moved}, **{line: {} for line in moved}}
    return tree


def meaning(spec: ChangeSpec, tree: Tree) -> list[object]:
    """Return the significant lines and orders, for a fingerprint."""
    return [sorted(tree), sorted(_entries(spec, tree).items())]


def commands_between(spec: ChangeSpec, now: Tree, then: Tree) -> Iterator[str]:
    """Yield the commands: removals, then lines to set. Misplaced entries of ordered lists are set again."""
    rules, kept = Rules(spec), _statements(then)
    entries = list(misplaced(spec, now, then))
    yield from (_removal(spec, entry) for entry in entries)
    removed = {_statement(entry) for entry in entries}
    again = {line for line in then if not removed.isdisjoint(_beginnings(_statement(line)))} if removed else set()
    for line in now:
        if line in then or not removed.isdisjoint(_beginnings(_statement(line))):
            continue
        if _statement(line) in kept:  # only inactive before, or a beginning of other lines now
            yield from [f"{_ON}{_statement(line)}"] if line.startswith(_OFF) else []
        elif rules.conflicting(line, then) is None:
            gone = next((one for one in _prefixes(spec, line) if _statement(one) not in kept), line)
            removed.add(_statement(gone))
            yield _removal(spec, gone)
    yield from (line for line in then if line not in now or line in again)


def misplaced(spec: ChangeSpec, now: Tree, then: Tree) -> Iterator[str]:
    """Yield the paths of the entries of ordered lists to remove and set again for the right order.

    An entry of which no line stays counts as removed: it would come back at the end.
    """
    here, common = _entries(spec, now), _entries(spec, [line for line in now if line in then])
    for start, wanted in _entries(spec, then).items():
        present, kept = here.get(start, []), common.get(start, [])
        right = next((at for at, entry in enumerate(kept) if entry != wanted[at]), len(kept))
        if len(kept) > right or [entry for entry in present if entry in wanted] != kept:
            yield from (f"{start} {entry}" for entry in present if entry in wanted and entry not in kept[:right])


def _prefixes(spec: ChangeSpec, line: str) -> list[str]:
    """Return the beginnings of a line naming a statement, shortest first: none ends before the name of an object."""
    words = list(_WORDS.finditer(line))[1:-1]
    return [
        line[: word.end()]
        for count, word in enumerate(words, 1)
        if count >= _LEAST_WORDS and not any(re.fullmatch(pattern, word[0]) for pattern in spec.named)
    ]


def _entries(spec: ChangeSpec, lines: Iterable[str]) -> dict[str, list[str]]:
    """Return the entries of each ordered list, in order: {"set firewall filter F term": ["a", "b"]}."""
    found: dict[str, list[str]] = {}
    for line in lines:
        for pattern in spec.ordered:
            if (match := re.match(rf"(?:{pattern})(?= )", line)) and (word := _WORDS.match(line, match.end() + 1)):
                entries = found.setdefault(match[0], [])
                if word[0] not in entries:
                    entries.append(word[0])
    return found


def _statements(lines: Iterable[str]) -> set[str]:
    """Return the path of every statement named by the lines, with the statements around them."""
    found: set[str] = set()
    for line in lines:
        for statement in _beginnings(_statement(line)):
            if statement in found:
                break
            found.add(statement)
    return found


def _beginnings(statement: str) -> Iterator[str]:
    """Yield a statement and the statements around, the longest first."""
    while statement:
        yield statement
        statement = statement.rpartition(" ")[0]


def _statement(line: str) -> str:
    """Return a line without its command."""
    return line.partition(" ")[2]


def _removal(spec: ChangeSpec, path: str) -> str:
    return f"{spec.negation} {_statement(path)}"


def is_beneath(line: str, path: str) -> bool:
    """Return True if `line` names the statement `path` or a statement beneath, for any command."""
    statement, above = _statement(line), _statement(path)
    return statement == above or statement.startswith(f"{above} ")
