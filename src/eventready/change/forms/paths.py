"""Configurations of whole paths: every line names a statement from the top (`set interfaces ae0 mtu 9000`).

Tree: {"set interfaces ae0 mtu 9000": {}, "deactivate protocols isis": {}}. A line that is the beginning of another one
is not printed. The device commits all lines together, so that their order has no effect in between.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import ClassVar

from eventready.change.errors import FragmentError, UnreadableConfiguration
from eventready.change.forms.configuration import Fragment
from eventready.change.forms.form import Addressed, LineForm, Parsed, signed
from eventready.change.forms.tree import Path, Tree, significant_lines
from eventready.core.messages import Message, message

_SET, _OFF, _ON = "set ", "deactivate ", "activate "
#: Words between blanks; a quoted text is one word.
_WORDS = re.compile(r'"(?:[^"\\]|\\.)*"|[^\s"]+')
#: A removal never names a whole section of the top.
_LEAST_WORDS = 2
#: Words of a statement that name its section.
_SECTION_WORDS = 3
_ADDRESS = re.compile(
    r"(?P<unit>set interfaces (?P<port>\S+) unit (?P<number>\S+)) .*?\baddress (?P<address>[^\s/]+)(?:/\d+)?(?: |$)"
)


class PathsForm(LineForm):
    """Operations on configurations of whole paths."""

    assertion: ClassVar[str] = "set "

    def _parse_printed(self, text: str, device: str) -> Tree:
        tree: Tree = {}
        for _, line in significant_lines(text, self.spec.separators, volatile=self.spec.volatile):
            if not line.startswith((_SET, _OFF, "protect ")):
                raise UnreadableConfiguration(message("change:unread.no_statement", device=device, line=line[:80]))
            tree[line] = {}
        return tree

    def _parse_template(self, text: str, origin: str | Message) -> Parsed:
        rules, tree, removals = self.rules(), dict[str, Tree](), list[Path]()
        for _, line in significant_lines(text, self.spec.separators, self.spec.blank_insensitive, self.spec.volatile):
            bare = rules.without_negation(line)
            if not (bare or line).startswith(_SET):
                raise FragmentError(
                    message("change:paths.form", line=line, set=_SET, negation=self.spec.negation), where=origin
                )
            if bare is not None:
                removals.append((bare,))
                continue
            if (conflict := rules.conflicting(line, tree)) is not None:
                raise FragmentError(message("change:lines.two_values_choose", one=conflict, other=line), where=origin)
            tree[line] = {}
        if both := self._set_and_removed(tree, removals):
            raise FragmentError(message("change:lines.set_and_removed", line=both[0]), where=origin)
        return tree, tuple(dict.fromkeys(removals))

    def depth(self, _raw: str) -> int:
        """See ConfigurationForm: every line is of the top."""
        return 0

    def _set_and_removed(self, tree: Tree, removals: Iterable[Path]) -> tuple[str, Path] | None:
        return next(((line, gone) for line in tree for gone in removals if is_beneath(line, gone[0])), None)

    def diff(self, now: Tree, then: Tree) -> tuple[str, ...]:
        """See ConfigurationForm. Entries in another order are removed and added."""
        entries = tuple(self._misplaced(now, then))
        moved = [line for line in now if line in then and any(is_beneath(line, one) for one in entries)]
        orders: Iterable[tuple[str, Tree]] = (("-", _among(now, moved)), ("+", _among(then, moved)))
        return (*super().diff(now, then), *(line for sign, tree in orders for line in signed(sign, tree)))

    def sections(self, tree: Tree) -> dict[str, Tree]:
        """See ConfigurationForm. Statements with the same first words are a section."""
        found: dict[str, Tree] = {}
        for line in tree:
            found.setdefault(" ".join(line.split(" ")[:_SECTION_WORDS]), {})[line] = {}
        return found

    def implied(self, tree: Tree) -> frozenset[str]:
        """See ConfigurationForm. A statement is not printed if others continue its words."""
        words = (line.split(" ") for line in tree)
        return frozenset(" ".join(line[:end]) for line in words for end in range(1, len(line)))

    def addressed(self, tree: Tree, addresses: frozenset[str]) -> tuple[Addressed, ...]:
        """See ConfigurationForm: the statements of logical interfaces, such as `set interfaces fxp0 unit 0`."""
        found = (_ADDRESS.match(line) for line in tree)
        held = {match["unit"]: match for match in found if match and match["address"] in addresses}
        return tuple(
            Addressed(unit, match["address"], tuple(tree), f"{match['port']}.{match['number']}")
            for unit, match in held.items()
        )

    def touches(self, line: str, section: Addressed) -> bool:
        """See ConfigurationForm. A statement around the section has the section too."""
        return is_beneath(line, section.section) or is_beneath(section.section, line)

    def merge(self, running: Tree, fragment: Fragment) -> Tree:
        """See ConfigurationForm.

        Raises FragmentError also for a line beneath a deactivated statement, and for a removal emptying its section.
        """
        rules, wanted, origins = self.rules(), fragment.tree, fragment.origins
        result: Tree = dict(running)
        for path in fragment.removals:
            gone = [one for one in result if is_beneath(one, path[0])]
            result = {one: {} for one in result if one not in gone}
            if gone:
                self._refuse_emptied(_statements((*result, *wanted)), path[0], origins.get(path, ""))
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
        return self._in_order(result, list(wanted))

    def _refuse_emptied(self, left: Collection[str], removed: str, origin: str | Message) -> None:
        """Raise FragmentError if the statement around a removed path has no other line.

        The device may keep or remove that statement.
        """
        above = self._prefixes(removed)
        if above and _statement(above[-1]) not in left:
            raise FragmentError(
                message("change:paths.empty", above=above[-1], removed=removed, removal=self._removal(above[-1])),
                where=origin,
            )

    def _in_order(self, tree: Tree, wanted: Sequence[str]) -> Tree:
        """Return the tree with entries of ordered lists in the order of `wanted`; misplaced ones move to the end."""
        for start, entries in self._entries(wanted).items():
            if [entry for entry in self._entries(tree)[start] if entry in entries] != entries:
                moved = [line for entry in entries for line in tree if is_beneath(line, f"{start} {entry}")]
                tree = {**{line: {} for line in tree if line not in moved}, **{line: {} for line in moved}}
        return tree

    def _meaning(self, tree: Tree) -> list[object]:
        return [sorted(tree), sorted(self._entries(tree).items())]

    def _commands(self, now: Tree, then: Tree) -> Iterator[str]:
        """See ConfigurationForm: removals, then lines to set. Misplaced entries of ordered lists are set again."""
        rules, kept = self.rules(), _statements(then)
        entries = list(self._misplaced(now, then))
        yield from (self._removal(entry) for entry in entries)
        removed = {_statement(entry) for entry in entries}
        again = {line for line in then if not removed.isdisjoint(_beginnings(_statement(line)))} if removed else set()
        for line in now:
            if line in then or not removed.isdisjoint(_beginnings(_statement(line))):
                continue
            if _statement(line) in kept:  # only inactive before, or a beginning of other lines now
                yield from [f"{_ON}{_statement(line)}"] if line.startswith(_OFF) else []
            elif rules.conflicting(line, then) is None:
                gone = next((one for one in self._prefixes(line) if _statement(one) not in kept), line)
                removed.add(_statement(gone))
                yield self._removal(gone)
        yield from (line for line in then if line not in now or line in again)

    def _misplaced(self, now: Tree, then: Tree) -> Iterator[str]:
        """Yield the paths of the entries of ordered lists to remove and set again for the right order.

        An entry of which no line stays counts as removed: it would come back at the end.
        """
        here, common = self._entries(now), self._entries([line for line in now if line in then])
        for start, wanted in self._entries(then).items():
            present, kept = here.get(start, []), common.get(start, [])
            right = next((at for at, entry in enumerate(kept) if entry != wanted[at]), len(kept))
            if len(kept) > right or [entry for entry in present if entry in wanted] != kept:
                yield from (f"{start} {entry}" for entry in present if entry in wanted and entry not in kept[:right])

    def _prefixes(self, line: str) -> list[str]:
        """Return the beginnings of a line naming a statement, shortest first, none before the name of an object."""
        words = list(_WORDS.finditer(line))[1:-1]
        return [
            line[: word.end()]
            for count, word in enumerate(words, 1)
            if count >= _LEAST_WORDS and not any(re.fullmatch(pattern, word[0]) for pattern in self.spec.named)
        ]

    def _entries(self, lines: Iterable[str]) -> dict[str, list[str]]:
        """Return the entries of each ordered list, in order: {"set firewall filter F term": ["a", "b"]}."""
        found: dict[str, list[str]] = {}
        for line in lines:
            for pattern in self.spec.ordered:
                if (match := re.match(rf"(?:{pattern})(?= )", line)) and (word := _WORDS.match(line, match.end() + 1)):
                    entries = found.setdefault(match[0], [])
                    if word[0] not in entries:
                        entries.append(word[0])
        return found

    def _removal(self, path: str) -> str:
        return f"{self.spec.negation} {_statement(path)}"


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
    return line.partition(" ")[2]


def is_beneath(line: str, path: str) -> bool:
    """Return True if `line` names the statement `path` or a statement beneath, for any command."""
    statement, above = _statement(line), _statement(path)
    return statement == above or statement.startswith(f"{above} ")


def _among(tree: Tree, lines: Collection[str]) -> Tree:
    return {line: {} for line in tree if line in lines}
