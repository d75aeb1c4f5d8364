"""Fast interpreter of TextFSM templates.

The template is parsed by the textfsm library, so the language is exactly that of the library; this module only runs the
machine, with the same rows as `TextFSM.ParseText` and errors on the same lines. Four things make it ten times as fast:
rules that cannot match a line's first character are not tried; the others are joined into one alternation; values
without options are assigned without a call each; and a state remembers which rule matched a line, because two of three
lines in a list of ports are repeated. The library stops at the first `-> Error`; this module notes the line and goes
on.

Beyond the library: a second value for a column within one record, and a record that lacks a Required column, are
contradictions; a line is refused without trying the rules where a failed match could take too long (see `pattern`); an
optional group of a nested List value that did not match is None in the list (the library raises TypeError).
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import textfsm

from eventready.core.strings.pattern import UNBOUNDED, exponent, leading, may_lead
from eventready.core.strings.texts import lines_of
from eventready.facts.parsing.line_pattern import COSTLIEST, LineRules
from eventready.facts.parsing.parsed import (
    LONGEST_LINE,
    PARSING_SECONDS,
    TOO_LONG,
    UNMATCHED_SHOWN,
    ParsedText,
    ParsingTooLong,
    UnmatchedLines,
)
from eventready.facts.parsing.parsing_time import end_after, look

_KEEP, _RECORD, _CLEAR, _CLEARALL = range(4)
_RECORD_OPS = {"": _KEEP, "NoRecord": _KEEP, "Record": _RECORD, "Clear": _CLEAR, "Clearall": _CLEARALL}
_ANY_LINE = frozenset({"^.", "^.*", "^.+"})
_UNJOINABLE = re.compile(r"\\[1-9]|\(\?P=|\(\?\(|\(\?[aiLmsux]+\)")
#: First characters (and places after a Continue) for which a state remembers its alternation.
_FIRSTS_KEPT = 2_000
#: Lines that a state remembers before it forgets them all and begins anew, and the longest that it remembers.
_LINES_KEPT, _LONGEST_KEPT = 5_000, 200
#: How often rules are tried one by one before they are joined, and how few are never joined.
_TURNS, _WORTH_JOINING = 100, 3
_NAMED_GROUP = re.compile(r"\(\?P<\w+>")

#: The steps that a failed match of a rule may take.
_STEPS = 2e7
_LINES_BETWEEN_CLOCKS = 64
#: For an answer with a longer line the clock is read at every line.
_LONG_LINE = 512


class TemplateError(ValueError):
    """The template does not compile; `line`: line of the template, or 0."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        found = re.search(r"[Ll]ine:? (\d+)", message)
        self.line = int(found[1]) if found else 0


class _Rule:
    """A rule with its place in an alternation: `groups` are group numbers, `targets` the values to fill."""

    __slots__ = ("blank", "error", "goto", "groups", "idle", "index", "plain", "proceeds", "record", "run", "targets")

    def __init__(self, rule: Any, index: int, offset: int, columns: dict[str, int], special: frozenset[int]) -> None:
        named = [
            (offset + number, columns[name])
            for name, number in rule.regex_obj.regex.groupindex.items()
            if name in columns
        ]
        self.groups = tuple(group for group, _ in named)
        self.targets = tuple(target for _, target in named)
        self.plain = not special.intersection(self.targets)
        self.run = _run_of(self.targets)
        self.blank = [None] * len(self.targets)
        self.record = _RECORD_OPS[rule.record_op]
        self.error = rule.line_op == "Error"
        self.proceeds = rule.line_op == "Continue"  # the same line goes on to the rules after this one
        self.goto = "" if self.error else rule.new_state
        self.idle = not (self.groups or self.record or self.error or self.proceeds or self.goto)
        self.index = index


def _run_of(targets: tuple[int, ...]) -> slice | None:
    """Return the slice of consecutive `targets`, for a single assignment."""
    if len(targets) < 2 or targets != tuple(range(targets[0], targets[0] + len(targets))):
        return None
    return slice(targets[0], targets[0] + len(targets))


class _Alternation:
    """Rules of a state, in order: `match(line).lastindex` is the key in `rules` of the first match.

    The rules are tried in turn at first, and joined into one expression when that has been asked for often enough to be
    worth the milliseconds that it takes to compile.
    """

    __slots__ = ("_groups", "_parts", "_turns", "match", "rules")

    def __init__(self, rules: list[tuple[int, Any]], columns: dict[str, int], special: frozenset[int]) -> None:
        self.rules: dict[int | None, _Rule] = {}
        self._parts: list[str] = []
        self._turns = 0
        offset = 1
        for index, rule in rules:
            regex = rule.regex_obj.regex
            self.rules[offset] = _Rule(rule, index, offset, columns, special)
            self._parts.append(f"({_NAMED_GROUP.sub('(', regex.pattern)})")
            offset += 1 + regex.groups
        self._groups = offset - 1
        one_by_one = _OneByOne(rules, self.rules)
        self.match: Any = one_by_one if len(rules) < _WORTH_JOINING else self._counted(one_by_one)

    def _counted(self, one_by_one: _OneByOne) -> Any:
        def match(line: str) -> _Shifted | None:
            self._turns += 1
            if self._turns == _TURNS:
                self.match = _joined(self._parts, self._groups) or one_by_one
            return one_by_one(line)

        return match


def _joined(parts: list[str], groups: int) -> Any:
    """Return the `match` of the joined parts; None if a part needs its own group numbers, names or flags."""
    if not parts or any(_UNJOINABLE.search(part) for part in parts):
        return None
    try:
        combined = re.compile("|".join(parts))
    except (re.error, OverflowError, RecursionError):
        return None
    return combined.match if combined.groups == groups else None


class _Shifted:
    """A match of a single rule with the interface of an alternation."""

    __slots__ = ("_match", "lastindex")

    def __init__(self, match: re.Match[str], offset: int) -> None:
        self._match, self.lastindex = match, offset

    def group(self, *groups: int) -> Any:
        """Like `re.Match.group`, in the alternation's numbering."""
        return self._match.group(*(number - self.lastindex for number in groups))


class _OneByOne:
    """Rules tried in turn, because they cannot be joined."""

    def __init__(self, rules: list[tuple[int, Any]], resolved: dict[int | None, _Rule]) -> None:
        self._rules = [
            (offset, rule.regex_obj.regex.match) for offset, (_, rule) in zip(resolved, rules, strict=True) if offset
        ]

    def __call__(self, line: str) -> _Shifted | None:
        for offset, match in self._rules:
            found = match(line)
            if found:
                return _Shifted(found, offset)
        return None


#: The rule that a line matched (None: no rule), and what its groups held.
_Found = tuple[_Rule | None, tuple[Any, ...]]


def _longest_line(cost: int) -> int:
    """Return the longest line with at most _STEPS steps for a failed match of a rule with this exponent."""
    return LONGEST_LINE if cost < 2 or cost > COSTLIEST else min(LONGEST_LINE, int(_STEPS ** (1 / cost)))


class _State:
    """Rules of a state, as alternations by the first character of a line, compiled on first use."""

    def __init__(self, rules: list[Any], columns: dict[str, int], special: frozenset[int]) -> None:
        self._rules = list(enumerate(rules))
        self._leading = [leading(rule.regex) for rule in rules]
        self._columns, self._special = columns, special
        #: The longest line that the rules are tried on.
        self.longest = _longest_line(max((exponent(rule.regex) for rule in rules), default=0))
        self._made: dict[tuple[int, ...], _Alternation] = {}
        self.after: dict[tuple[int, str], _Alternation] = {}
        #: By the rule to start from, and the line. Any thread may add to it.
        self.known: dict[int, dict[str, _Found]] = {0: {}}
        #: Lines without any effect in this state: two of three lines of an answer. Any thread may add to it.
        self.idle: set[str] = set()

    def find(self, start: int, line: str) -> _Found:
        """Return the first matching rule from `start` on; remembered in `known`, or in `idle`."""
        found = self.match(start, line)
        if len(line) <= _LONGEST_KEPT:
            self._remember(start, line, found)
        return found

    def match(self, start: int, line: str) -> _Found:
        """Return the first matching rule from `start` on, with its values."""
        first = line.lstrip()[:1]
        alternation = self.after.get((start, first)) or self._alternation(start, first)
        match = alternation.match(line)
        rule = alternation.rules[match.lastindex] if match is not None else None
        return rule, tuple(map(match.group, rule.groups)) if rule else ()

    def _remember(self, start: int, line: str, found: _Found) -> None:
        rule, _values = found
        if start == 0 and (rule is None or rule.idle):
            if len(self.idle) >= _LINES_KEPT:
                self.idle.clear()
            self.idle.add(line)
            return
        known = self.known.setdefault(start, {})
        if len(known) >= _LINES_KEPT:
            known.clear()
        known[line] = found

    def _alternation(self, start: int, first: str) -> _Alternation:
        """Return the rules from `start` on (after a Continue) for lines beginning with `first`; cached in `after`."""
        rules = [(index, rule) for index, rule in self._rules[start:] if may_lead(self._leading[index], first)]
        key = tuple(index for index, _ in rules)
        if key not in self._made:
            self._made[key] = _Alternation(rules, self._columns, self._special)
        if len(self.after) < _FIRSTS_KEPT:
            self.after[start, first] = self._made[key]
        return self._made[key]


class LinePlace(NamedTuple):
    """Place of a line in an answer: its state and rule, the row with its values, and which of the values are there.

    A line of the same rule with the same values there changes no other line's place.
    """

    state: _State
    rule: _Rule | None
    row: int
    filled: tuple[bool, ...]

    def values(self, line: str) -> tuple[Any, ...] | None:
        """Return the values of another line, for `targets`; None unless the line fits the place."""
        rule, values = self.state.match(0, line)
        return values if rule is self.rule and tuple(map(bool, values)) == self.filled else None

    @property
    def targets(self) -> tuple[int, ...]:
        """Columns of the values."""
        return self.rule.targets if self.rule else ()


#: Places of the lines of an answer; None for a line with more effects than values. Devices of a kind share them.
LinePlaces = tuple[LinePlace | None, ...]
_shared = lru_cache(maxsize=1_024)(lambda places: places)


class Template:
    """A compiled TextFSM template. Stateless between answers, hence shared by threads. Raises TemplateError."""

    columns: tuple[str, ...]

    def __init__(self, source: str) -> None:
        try:
            machine = textfsm.TextFSM(io.StringIO(source))
        except (textfsm.TextFSMTemplateError, textfsm.TextFSMError, re.error, IndexError) as error:
            raise TemplateError(str(error)) from None
        options = [frozenset(value.OptionNames()) for value in machine.values]
        self.columns = tuple(value.name for value in machine.values)
        self.machine = machine
        self.filldown = tuple(i for i, names in enumerate(options) if "Filldown" in names)
        self.lists = {i: self._nested(machine.values[i]) for i, names in enumerate(options) if "List" in names}
        self.fillup = frozenset(i for i, names in enumerate(options) if "Fillup" in names)
        self.required = tuple(
            (i, self._required_of_list(machine.values[i])) for i, n in enumerate(options) if "Required" in n
        )
        self.own = tuple(i for i, names in enumerate(options) if "Filldown" not in names)
        self.once = frozenset(self.own) - frozenset(self.lists)
        self.implicit_end = "EOF" not in machine.states
        columns = {name: index for index, name in enumerate(self.columns)}
        special = frozenset(self.lists) | self.fillup | frozenset(self.filldown)
        self.states = {name: _State(rules, columns, special) for name, rules in machine.states.items()}
        #: The longest line that the rules of every state are tried on without reading the clock.
        self.always_tried = min(_LONG_LINE, *(state.longest for state in self.states.values()))

    @staticmethod
    def _nested(value: Any) -> Any:
        """Return the expression of a List value with named groups (its items are dictionaries); else None."""
        return value.compiled_regex if value.compiled_regex.groups > 1 else None

    @staticmethod
    def _required_of_list(value: Any) -> bool:
        """Return True if Required applies to the list (declared after List) rather than to the last matched text."""
        names = value.OptionNames()
        return "List" in names and names.index("List") < names.index("Required")

    @property
    def patterns(self) -> tuple[str, ...]:
        """The regular expressions of all rules."""
        return tuple(rule.regex for rules in self.machine.states.values() for rule in rules)

    def matches(self, line: str, *, valued: bool = False) -> bool:
        """Return True for a line with a matching rule of any state; `valued`: with values or with a next state."""
        return any(
            rule.regex_obj.regex.match(line)
            for name, rules in self.machine.states.items()
            if len(line) <= self.states[name].longest
            for rule in rules
            if rule.line_op != "Error" and (not valued or rule.regex_obj.regex.groupindex or rule.new_state)
        )

    def parse(self, text: str, lines: LineRules | None = None) -> ParsedText:
        """Return rows as `ParseText` does, and all lines with an Error.

        `lines` decides which of these lines may carry the fact (default: all).
        """
        run = _Run(self, lines or LineRules())
        reason = ""
        try:
            run.feed(lines_of(text))
        except ParsingTooLong:
            reason = TOO_LONG
        return ParsedText(
            columns=self.columns,
            rows=run.rows,
            unmatched=tuple(run.unmatched.shown),
            unmatched_total=run.unmatched.total,
            refused=run.refused,
            contradictions=tuple(run.contradictions),
            doubled=run.doubled,
            reason=reason,
        )

    def places(self, lines: Sequence[str], rows: int) -> LinePlaces:
        """Return the places of the lines of an answer with so many rows; empty for an answer with strange lines."""
        run, passed = _Run(self, LineRules()), list[tuple[_State, int]]()
        run.feed(lines, passed)
        strange = run.contradictions or run.unmatched.total or len(run.rows) != rows or len(passed) != len(lines)
        cleared = any(rule.record_op.startswith("Clear") for rules in self.machine.states.values() for rule in rules)
        if strange or cleared or max(map(len, lines), default=0) > self.always_tried:
            return ()
        found: LinePlaces = _shared(tuple(_place(line, *at, run.rows) for line, at in zip(lines, passed, strict=True)))
        return found


def _place(line: str, state: _State, row: int, rows: Sequence[Sequence[Any]]) -> LinePlace | None:
    """Return the place of a line; None for a line with further effects, or with a value absent from its row."""
    rule, values = state.find(0, line)
    if rule is None:
        return LinePlace(state, None, row, ())
    lasting = all(not value or (rows[row : row + 1] and rows[row][target] == value)
                  for target, value in zip(rule.targets, values, strict=True))  # fmt: skip
    if rule.record or rule.error or rule.proceeds or not rule.plain or not lasting:
        return None
    return LinePlace(state, rule, row, tuple(map(bool, values)))


class _Run:
    """State of parsing: the current record, and the rows so far."""

    __slots__ = (
        *("_base", "_current", "_items", "_lines", "_number", "_template"),
        *("contradictions", "doubled", "refused", "rows", "unmatched"),
    )

    def __init__(self, template: Template, lines: LineRules) -> None:
        self._template, self._lines = template, lines
        self._base: list[Any] = [None] * len(template.columns)  # the values of a cleared record (Filldown)
        self._current = self._base.copy()
        self._items: dict[int, list[Any]] = {index: [] for index in template.lists}
        self._number = 0
        self.rows: list[list[Any]] = []
        self.unmatched = UnmatchedLines()
        self.refused = 0
        self.contradictions: list[str] = []
        self.doubled = False

    def feed(self, lines: Sequence[str], passed: list[tuple[_State, int]] | None = None) -> None:
        """Run the machine over all lines; `passed` gets the state and the row before each. Raises ParsingTooLong."""
        states = self._template.states
        state = states["Start"]
        name = "Start"
        end = end_after(PARSING_SECONDS)
        short = max(map(len, lines), default=0) <= self._template.always_tried
        for self._number, line in enumerate(lines, 1):
            if not (short and self._number % _LINES_BETWEEN_CLOCKS):
                look(end)
                if len(line) > state.longest:
                    self._error(line, known=False)
                    continue
            if passed is not None:
                passed.append((state, len(self.rows)))
            if line in state.idle:
                continue
            name = self._line(state, line)
            if name:
                if name in ("End", "EOF"):
                    break
                state = states[name]
        if name != "End" and self._template.implicit_end:
            self._record()
        if any(self._current[i] for i in self._template.own):
            self._contradict("ends within a record")

    def _line(self, state: _State, line: str) -> str:
        """Apply a line; returns the next state, or nothing."""
        start = 0
        while True:
            known = state.known.get(start)
            rule, values = (known.get(line) if known else None) or state.find(start, line)
            if rule is None:
                return ""
            if values:
                self._assign(rule, values)
            if rule.record:
                self._operate(rule.record)
            if rule.error:
                self._error(line)
            if not rule.proceeds:
                return rule.goto
            start = rule.index + 1

    def _error(self, line: str, *, known: bool = True) -> None:
        """Record an unmatched line (`known`: regular expressions may be tried)."""
        if known and self._lines.harmless(line):
            return
        self.unmatched.add(line)
        if not known or self._lines.may_carry(line):
            self.refused += 1

    def _contradict(self, what: str) -> None:
        if len(self.contradictions) < UNMATCHED_SHOWN:
            self.contradictions.append(f"line {self._number}: the answer {what}")

    def _operate(self, record: int) -> None:
        if record == _RECORD:
            self._record()
        else:
            self._clear(everything=record == _CLEARALL)

    def _assign(self, rule: _Rule, values: tuple[Any, ...]) -> None:
        current = self._current
        if rule.plain and rule.run is not None:
            if current[rule.run] != rule.blank:
                self._second(rule, values)
            current[rule.run] = values
            return
        if any(map(current.__getitem__, rule.targets)):
            self._second(rule, values)
        for target, value in zip(rule.targets, values, strict=True):
            current[target] = value
            if not rule.plain:
                self._special(target, value)

    def _second(self, rule: _Rule, values: tuple[Any, ...]) -> None:
        """Record a column with a second value within a record: the first line of the next record is missing."""
        for target, value in zip(rule.targets, values, strict=True):
            if value and self._current[target] and target in self._template.once:
                self.doubled = True
                self._contradict(f"has a second value for {self._template.columns[target]} within one record")
                return

    def _special(self, target: int, value: Any) -> None:
        """Apply a value's options at its assignment."""
        template = self._template
        if target in template.filldown:
            self._base[target] = value
        if target in template.lists:
            nested = template.lists[target]
            match = nested.match(value) if nested is not None and value is not None else None
            named = match.groupdict() if match else None
            self._items[target].append(named or value)
        if value and target in template.fillup:
            for row in reversed(self.rows):
                if row[target]:
                    break
                row[target] = value

    def _record(self) -> None:
        template, current, items = self._template, self._current, self._items
        if not current:
            return
        for index, of_list in template.required:
            if not (items[index] if of_list else current[index]):
                if any(current[i] for i in template.own):
                    self._contradict(f"has a record without {template.columns[index]}")
                self._clear()
                return
        row = ["" if value is None else value for value in current] if None in current else current
        if items:
            row = row.copy()
            for index, values in items.items():
                row[index] = values.copy()
        if not any(row) and all(value is None or index in items for index, value in enumerate(current)):
            return
        self.rows.append(row)
        self._clear()

    def _clear(self, *, everything: bool = False) -> None:
        if everything:
            self._base = [None] * len(self._base)
        self._current = self._base.copy()
        for index in self._items:
            if everything or index not in self._template.filldown:
                self._items[index] = []


def silent_places(template: Template) -> list[str]:
    """Return a phrase for each place of possible silent loss of a line; empty for a template without such places."""
    places = []
    for name, rules in template.machine.states.items():
        if name == "EOF":
            continue
        if not rules or rules[-1].line_op != "Error" or rules[-1].regex not in _ANY_LINE:
            places.append(f'state {name} does not end in "^. -> Error"')
        places += [
            f"line {rule.line_num} goes to {rule.new_state}, which leaves the rest of the text unread"
            for rule in rules
            if rule.new_state in ("End", "EOF") and rule.line_op != "Error"
        ]
    return places


def costly_places(template: Template) -> list[str]:
    """Return a phrase for each rule with a failed match too costly even for a line of a table."""
    return [
        f"line {rule.line_num}: {'exponential' if cost == UNBOUNDED else f'length to the power of {cost}'}"
        for rules in template.machine.states.values()
        for rule in rules
        if (cost := exponent(rule.regex)) > COSTLIEST
    ]
