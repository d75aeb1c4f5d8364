"""Flat configuration statements to rows: `set routing-options static route 0.0.0.0/0 next-hop 10.0.0.1`.

A template is a regular expression for the start of a statement; its named groups identify an object, and what follows
is one attribute with its value (`preference 200`). Statements of the same groups are one row. An optional group that
did not match makes the statement speak of every object that agrees in the other groups (`... route 0.0.0.0/0
bfd-liveness-detection`); it is a row of its own where there is no such object. Deactivated statements count as absent.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from eventready.core.strings.text_lines import lines_of
from eventready.facts.parsing.line_pattern import LinePattern, LineRules
from eventready.facts.parsing.parsed import LONGEST_LINE, ParsedText, UnmatchedLines

_Key = tuple[str | None, ...]


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
        """Return a row per object, in the order of the first statements. Never raises."""
        unmatched = UnmatchedLines()
        objects: dict[_Key, dict[str, str]] = {}
        for line in _active(lines_of(text)):
            match = self._template.match(line) if len(line) <= LONGEST_LINE else None
            if match is None:
                if not self._lines.harmless(line[:LONGEST_LINE]):
                    unmatched.add(line)
                continue
            attributes = objects.setdefault(tuple(match[name] for name in self._groups), {})
            name, _, value = line[match.end() :].strip().partition(" ")
            if name:
                attributes.setdefault(name, value.strip('"') or "yes")
        rows = [self._row(key, objects) for key in objects if not any(_covers(key, other) for other in objects)]
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

    def _row(self, key: _Key, objects: dict[_Key, dict[str, str]]) -> list[str]:
        known: dict[str, str] = {}
        for other, attributes in objects.items():
            if other != key and _covers(other, key):
                known |= attributes
        known |= objects[key] | {name: value or "" for name, value in zip(self._groups, key, strict=True)}
        return [known.get(column, "") for column in self.columns or ()]


def _active(lines: Sequence[str]) -> list[str]:
    """Return statements without blank lines, comments and deactivated parts."""
    statements = [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
    off = [line.removeprefix("deactivate ") for line in statements if line.startswith("deactivate ")]
    return [line for line in statements if not line.startswith("deactivate ") and not _beneath(line, off)]


def _beneath(statement: str, paths: Sequence[str]) -> bool:
    bare = statement.removeprefix("set ")
    return any(bare == path or bare.startswith(path + " ") for path in paths)


def _covers(general: _Key, key: _Key) -> bool:
    """Return True if `general` lacks groups of `key`, and agrees in the others."""
    pairs = list(zip(general, key, strict=True))
    return general != key and all(one is None or one == other for one, other in pairs)
