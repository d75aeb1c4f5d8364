"""Flat configuration statements to rows: `set routing-options static route 0.0.0.0/0 next-hop 10.0.0.1`.

A template is a regular expression for the start of a statement; its named groups identify an object, and what follows
is one attribute with its value (`preference 200`). Statements of the same groups are one row. An optional group that
did not match makes the statement speak of every object that agrees in the other groups (`... route 0.0.0.0/0
bfd-liveness-detection`); it is a row of its own where there is no such object. Deactivated statements count as absent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence, Set

from eventready.core.strings.texts import lines_of
from eventready.facts.parsing.line_pattern import LinePattern, LineRules
from eventready.facts.parsing.parsed import LONGEST_LINE, ParsedText, UnmatchedLines
from eventready.facts.parsing.parsing_time import in_time

_Key = tuple[str | None, ...]
#: Name of an attribute.
_NAME = re.compile(r"[a-z][a-z0-9-]*")


class StatementsParser:
    """Parser `statements`. `lines`: statements without the fact.

    Raises ValueError for a template that does not compile or has no named group.
    """

    def __init__(self, template: str, wanted: Sequence[str], lines: LineRules | None = None) -> None:
        self._lines = lines or LineRules()
        try:
            self._template = re.compile(rf"(?:set )?{template}")
            LinePattern(f"^{template}")
        except re.error as error:
            raise ValueError(f"the template {template!r} does not compile: {error}") from None
        self._groups = tuple(self._template.groupindex)
        if not self._groups:
            raise ValueError("the parser statements needs a template with a named group")
        self.columns: tuple[str, ...] | None = tuple(dict.fromkeys((*self._groups, *wanted)))

    def parse(self, text: str) -> ParsedText:
        """Return a row per object, in the order of the first statements."""
        unmatched = UnmatchedLines()
        objects: dict[_Key, dict[str, str]] = {}
        for line in in_time(_active(lines_of(text))):
            match = self._template.match(line) if len(line) <= LONGEST_LINE else None
            if match is None:
                if not self._lines.harmless(line[:LONGEST_LINE]):
                    unmatched.add(line)
                continue
            name, _, value = line[match.end() :].strip().partition(" ")
            if name and not _NAME.fullmatch(name):
                unmatched.add(line)
                continue
            attributes = objects.setdefault(tuple(match[group] for group in self._groups), {})
            if name:
                attributes.setdefault(name, value.strip('"') or "yes")
        general = _Generals(objects)
        covering = {one for key in in_time(objects) for one in general.of(key)}
        rows = [self._row(key, objects, general.of(key)) for key in in_time(objects) if key not in covering]
        return ParsedText(self.columns or (), rows, **unmatched.all_refused())

    @property
    def patterns(self) -> tuple[str, ...]:
        """The regular expression of a statement."""
        return (self._template.pattern,)

    def reads(self, line: str) -> bool:
        """Return True for a statement of the fact, set or deactivated."""
        return self._template.match(line.strip().removeprefix("deactivate ")) is not None

    def knows(self, line: str) -> bool:
        """Return True for a statement of the fact, and for a harmless line."""
        return self.reads(line) or self._lines.harmless(line)

    def _row(self, key: _Key, objects: dict[_Key, dict[str, str]], general: Sequence[_Key]) -> list[str]:
        known: dict[str, str] = {}
        for other in general:
            known |= objects[other]
        known |= objects[key] | {name: value or "" for name, value in zip(self._groups, key, strict=True)}
        return [known.get(column, "") for column in self.columns or ()]


def _active(lines: Sequence[str]) -> list[str]:
    """Return statements without blank lines, comments and deactivated parts."""
    statements = [line.strip() for line in in_time(lines) if line.strip() and not line.lstrip().startswith("#")]
    off = {line.removeprefix("deactivate ") for line in in_time(statements) if line.startswith("deactivate ")}
    return [line for line in in_time(statements) if not line.startswith("deactivate ") and not _beneath(line, off)]


def _beneath(statement: str, paths: Set[str]) -> bool:
    """Return True for a path, and for a statement with the words of a path at its begin."""
    bare = statement.removeprefix("set ")
    ends = (at for at, character in enumerate(bare) if character == " ")
    return bool(paths) and len(bare) <= LONGEST_LINE and (bare in paths or any(bare[:end] in paths for end in ends))


class _Generals:
    """Objects without some of the groups: they speak of every object with the same others."""

    def __init__(self, objects: Iterable[_Key]) -> None:
        self._places = {key: place for place, key in enumerate(in_time(objects)) if None in key}
        self._lacking = {tuple(group is None for group in key) for key in in_time(self._places)}

    def of(self, key: _Key) -> list[_Key]:
        """Return the general objects of an object, in order."""
        cut = {tuple(None if lacks else group for group, lacks in zip(key, one, strict=True)) for one in self._lacking}
        return sorted((one for one in cut if one != key and one in self._places), key=self._places.__getitem__)
