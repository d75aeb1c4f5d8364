"""Records of an answer in which only figures moved since the reading before: those of before, with the new figures.

The records are those of reading the answer anew. A changed line fits the place of the old line in the template's run,
so that every other line keeps its rule and its row; and a figure is a field of its own, validated alone. Any other
answer is read anew, as is a fact with records from more than the columns of a template.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace
from itertools import compress, count
from operator import ne
from typing import Any

from eventready.core.strings.texts import lines_of
from eventready.facts.interpret import tidy
from eventready.facts.observation import MovedFigures, Observation, Status
from eventready.facts.parsing.parsed import ParsingTooLong
from eventready.facts.parsing.parsers import TemplateParser
from eventready.facts.parsing.template import LinePlace, LinePlaces
from eventready.facts.platform import CompiledFact
from eventready.session.dialogue.patterns import LOG_LINE_MARK
from eventready.session.reply import Reply, ReplyStatus


class ReadAnswer:
    """Answer of a fact as last read: its lines, their places in the template, and its observation."""

    def __init__(self, compiled: CompiledFact, parser: TemplateParser, reply: Reply, observation: Observation) -> None:
        self._template, self._figures = parser.template, compiled.builder.figures(parser.template.columns)
        self._lines = [*map(sys.intern, lines_of(reply.text))]
        self._places: LinePlaces | None = None
        self.observation = observation

    @classmethod
    def of(cls, compiled: CompiledFact, reply: Reply, observation: Observation) -> ReadAnswer | None:
        """Return an answer just read; None where the observation rests on more than the rows of a template."""
        spec, parser = compiled.spec, compiled.parser
        further = (spec.prompt, spec.join, spec.counts, spec.subtotals, spec.trailers, compiled.commands[1:])
        if any(further) or compiled.questions or not isinstance(parser, TemplateParser):
            return None
        understood = observation.status is Status.PARSED and observation.complete and _whole(reply)
        partly = observation.unmatched or observation.unread
        return cls(compiled, parser, reply, observation) if understood and not partly else None

    def again(self, reply: Reply) -> Observation | None:
        """Return the observation of a later answer, the same object for an equal answer; None: to be read anew."""
        lines = lines_of(reply.text)
        if not _whole(reply) or len(lines) != len(self._lines):
            return None
        changed = {number: lines[number] for number in compress(count(), map(ne, self._lines, lines))}
        if (moved := self._moved(changed)) is None:
            return None
        if any(moved.values()):
            self._move(moved)
        for number, line in changed.items():
            self._lines[number] = line
        return self.observation

    def _move(self, moved: Mapping[int, Mapping[str, Any]]) -> None:
        """Take the figures of rows."""
        rows, fields = [*self.observation.rows], set[str]()
        for row, values in moved.items():
            before, rows[row] = rows[row], rows[row].with_figures(values)
            fields |= before.moved(rows[row], values)
        since = MovedFigures(self.observation.rows, frozenset(fields))
        self.observation = replace(self.observation, rows=tuple(rows), moved=since)

    def _moved(self, changed: Mapping[int, str]) -> dict[int, dict[str, Any]] | None:
        """Return the figures of changed lines by row and field; None where more than figures may have moved."""
        found: dict[int, dict[str, Any]] = {}
        places = self._known_places() if changed else ()
        for number, line in changed.items():
            place = places[number] if number < len(places) else None
            if place is None or not self._take(place, self._lines[number], tidy(line), found.setdefault(place.row, {})):
                return None
        return found

    def _take(self, place: LinePlace, before: str, line: str, row: dict[str, Any]) -> bool:
        """Take the figures of a line by field; False where another column differs, or a figure is not valid."""
        values = place.values(line) if len(line) <= self._template.always_tried else None
        if values is None:
            return False
        for column, value in zip(place.targets, values, strict=True):
            if not value:
                continue
            if column not in self._figures:
                if dict(zip(place.targets, place.values(tidy(before)) or (), strict=False)).get(column) != value:
                    return False
            elif figure := self._figures[column]:
                try:
                    row[figure[0]] = figure[1](value)
                except ValueError:
                    return False
        return True

    def _known_places(self) -> LinePlaces:
        if self._places is None:
            lines = lines_of("\n".join(map(tidy, self._lines)))
            try:
                self._places = self._template.places(lines, len(self.observation.rows))
            except ParsingTooLong:
                self._places = ()
        return self._places


def _whole(reply: Reply) -> bool:
    without_log_lines = not reply.breaks and LOG_LINE_MARK not in reply.text
    return reply.status is ReplyStatus.ANSWERED and reply.complete and without_log_lines
