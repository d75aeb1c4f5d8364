"""TextFSM templates, run fast.

The template is parsed by the textfsm library, so the language is exactly theirs; this module only runs the machine
they describe, with the same rows as `TextFSM.ParseText` and errors on the same lines. Two things make it quick: the
rules of a state are one alternation, so that the regular expression engine finds the first rule that matches, and
values without options are assigned without a call each. Where the library stops at the first `-> Error`, this one
notes the line and goes on, so that every line a template does not know is told at once.

One deliberate difference: an optional group of a nested List value that did not match is None in the list, where the
library raises TypeError.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import textfsm

from eventready.facts.reading import Leftovers, Reading

_KEEP, _RECORD, _CLEAR, _CLEARALL = range(4)
_RECORD_OPS = {"": _KEEP, "NoRecord": _KEEP, "Record": _RECORD, "Clear": _CLEAR, "Clearall": _CLEARALL}
_ANY_LINE = frozenset({"^.", "^.*", "^.+"})
_NAMED_GROUP = re.compile(r"\(\?P<\w+>")

#: Lines that say nothing about the table below them: a terminal's time stamps.
_PREAMBLE = re.compile(r"^\s*(?:Load for five secs|Time source is|No time source)")


class TemplateError(ValueError):
    """The template does not compile; `line` is the line in it, or 0."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        found = re.search(r"[Ll]ine:? (\d+)", message)
        self.line = int(found[1]) if found else 0


@dataclass(frozen=True)
class _Rule:
    """One rule, resolved: `groups` are group numbers in its state's alternation, `targets` the values they fill."""

    groups: tuple[int, ...]
    targets: tuple[int, ...]
    plain: bool
    record: int
    error: bool
    proceeds: bool  # Continue: the same line goes on to the rules after this one
    goto: str
    index: int


class _State:
    """The rules of a state from each point where a line can enter them: the top, and after every Continue."""

    def __init__(self, rules: list[Any], columns: dict[str, int], special: frozenset[int]) -> None:
        self._rules = rules
        self._columns = columns
        self._special = special
        self._entries: dict[int, _Entry] = {}
        self.top = self.entry(0)

    def entry(self, start: int) -> _Entry:
        """The alternation of the rules from `start` on, compiled when first needed."""
        entry = self._entries.get(start)
        if entry is None:
            entry = self._entries[start] = _Entry(self._rules, start, self._columns, self._special)
        return entry


class _Entry:
    """`match(line)` gives a match whose `lastindex` is the key of the rule in `rules`, or None."""

    def __init__(self, rules: list[Any], start: int, columns: dict[str, int], special: frozenset[int]) -> None:
        self.rules: dict[int | None, _Rule] = {}
        parts: list[str] = []
        offset = 1
        for index in range(start, len(rules)):
            regex = rules[index].regex_obj.regex
            self.rules[offset] = _resolve(rules[index], index, offset, columns, special)
            parts.append(f"({_NAMED_GROUP.sub('(', regex.pattern)})")
            offset += 1 + regex.groups
        self.match = self._compiled(parts, offset - 1) or _OneByOne(rules, start, self.rules)

    @staticmethod
    def _compiled(parts: list[str], groups: int) -> Any:
        """The alternation's `match`; None where a rule needs its own group numbers, names or flags."""
        if not parts:
            return lambda _line: None
        if any(re.search(r"\\[1-9]|\(\?P=|\(\?\(|\(\?[aiLmsux]+\)", part) for part in parts):
            return None
        try:
            combined = re.compile("|".join(parts))
        except (re.error, OverflowError, RecursionError):
            return None
        return combined.match if combined.groups == groups else None


class _Shifted:
    """A match of a single rule that answers as if it were part of the alternation."""

    __slots__ = ("_match", "lastindex")

    def __init__(self, match: re.Match[str], offset: int) -> None:
        self._match, self.lastindex = match, offset

    def group(self, *groups: int) -> Any:
        """Like `re.Match.group`, in the alternation's numbering."""
        return self._match.group(*(number - self.lastindex for number in groups))


class _OneByOne:
    """Tries the rules in turn, for states whose rules cannot be joined."""

    def __init__(self, rules: list[Any], start: int, resolved: dict[int | None, _Rule]) -> None:
        offsets = [offset for offset in resolved if offset is not None]
        self._rules = [(offset, rules[start + n].regex_obj.regex.match) for n, offset in enumerate(offsets)]

    def __call__(self, line: str) -> _Shifted | None:
        for offset, match in self._rules:
            found = match(line)
            if found:
                return _Shifted(found, offset)
        return None


def _resolve(rule: Any, index: int, offset: int, columns: dict[str, int], special: frozenset[int]) -> _Rule:
    groups: list[int] = []
    targets: list[int] = []
    for name, number in rule.regex_obj.regex.groupindex.items():
        if name in columns:
            groups.append(offset + number)
            targets.append(columns[name])
    return _Rule(
        groups=tuple(groups),
        targets=tuple(targets),
        plain=not special.intersection(targets),
        record=_RECORD_OPS[rule.record_op],
        error=rule.line_op == "Error",
        proceeds=rule.line_op == "Continue",
        goto="" if rule.line_op == "Error" else rule.new_state,
        index=index,
    )


class Template:
    """A compiled TextFSM template. Stateless between readings, so that threads may share it. Raises TemplateError."""

    columns: tuple[str, ...]

    def __init__(self, source: str) -> None:
        try:
            machine = textfsm.TextFSM(io.StringIO(source))
        except (textfsm.TextFSMTemplateError, textfsm.TextFSMError, re.error, IndexError) as error:
            raise TemplateError(str(error)) from None
        options = [frozenset(value.OptionNames()) for value in machine.values]
        self.columns = tuple(value.name for value in machine.values)
        self.machine = machine
        self._filldown = tuple(i for i, names in enumerate(options) if "Filldown" in names)
        self._lists = {i: self._nested(machine.values[i]) for i, names in enumerate(options) if "List" in names}
        self._fillup = frozenset(i for i, names in enumerate(options) if "Fillup" in names)
        self._required = tuple(
            (i, self._required_of_list(machine.values[i])) for i, n in enumerate(options) if "Required" in n
        )
        self._own = tuple(i for i, names in enumerate(options) if "Filldown" not in names)
        self._implicit_end = "EOF" not in machine.states
        columns = {name: index for index, name in enumerate(self.columns)}
        special = frozenset(self._lists) | self._fillup | frozenset(self._filldown)
        self._states = {name: _State(rules, columns, special) for name, rules in machine.states.items()}

    @staticmethod
    def _nested(value: Any) -> Any:
        """The expression of a List value with named groups inside, whose items are dictionaries; else None."""
        return value.compiled_regex if value.compiled_regex.groups > 1 else None

    @staticmethod
    def _required_of_list(value: Any) -> bool:
        """True when Required looks at the list (declared after List) rather than at the last text matched."""
        names = value.OptionNames()
        return "List" in names and names.index("List") < names.index("Required")

    def read(self, text: str) -> Reading:
        """Rows as `ParseText` gives them, all lines that met an Error, and whether a heading was seen."""
        run = _Run(self)
        run.feed(text.splitlines())
        return Reading(
            columns=self.columns,
            rows=run.rows,
            unmatched=tuple(run.leftovers.shown),
            unmatched_total=run.leftovers.total,
            heading=run.heading and not run.lost(),
        )


class _Run:
    """One reading: the record being built, and the rows so far."""

    __slots__ = ("_base", "_current", "_ended", "_items", "_skipped", "_template", "heading", "leftovers", "rows")

    def __init__(self, template: Template) -> None:
        self._template = template
        self._base: list[Any] = [None] * len(template.columns)  # what a cleared record starts from (Filldown)
        self._current = self._base.copy()
        self._items: dict[int, list[Any]] = {index: [] for index in template._lists}
        self._skipped = False
        self._ended = ""
        self.rows: list[list[Any]] = []
        self.leftovers = Leftovers()
        self.heading = False

    def feed(self, lines: Iterable[str]) -> None:
        """Run the machine over all lines."""
        states = self._template._states
        state = states["Start"]
        name = "Start"
        for line in lines:
            name = self._line(state, line)
            if name:
                if name in ("End", "EOF"):
                    break
                state = states[name]
        if name != "End" and self._template._implicit_end:
            self._record()
        self._ended = name

    def _line(self, state: _State, line: str) -> str:
        """Apply one line; gives the state to go to, or nothing."""
        entry = state.top
        while True:
            match = entry.match(line)
            if match is None:
                return ""
            rule = entry.rules[match.lastindex]
            if rule.groups:
                values = match.group(*rule.groups)
                if len(rule.groups) == 1:
                    values = (values,)
                if rule.plain:
                    current = self._current
                    for target, value in zip(rule.targets, values, strict=True):
                        current[target] = value
                else:
                    self._assign(rule.targets, values)
            elif not self.heading and not rule.error:
                self.heading = _is_heading(line)
            if rule.record:
                if rule.record == _RECORD:
                    self._record()
                else:
                    self._clear(everything=rule.record == _CLEARALL)
            if rule.error:
                self.leftovers.add(line)
                return ""
            if not rule.proceeds:
                return rule.goto
            entry = state.entry(rule.index + 1)

    def _assign(self, targets: tuple[int, ...], values: tuple[Any, ...]) -> None:
        template = self._template
        for target, value in zip(targets, values, strict=True):
            self._current[target] = value
            if target in template._filldown:
                self._base[target] = value
            if target in template._lists:
                nested = template._lists[target]
                match = nested.match(value) if nested is not None and value is not None else None
                named = match.groupdict() if match else None
                self._items[target].append(named or value)
            if value and target in template._fillup:
                for row in reversed(self.rows):
                    if row[target]:
                        break
                    row[target] = value

    def _record(self) -> None:
        template, current, items = self._template, self._current, self._items
        if not current:
            return
        for index, of_list in template._required:
            if not (items[index] if of_list else current[index]):
                self._skipped = self._skipped or any(current[i] for i in template._own)
                self._clear()
                return
        row = ["" if value is None else value for value in current]
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
            if everything or index not in self._template._filldown:
                self._items[index] = []

    def lost(self) -> bool:
        """True when values were read and made no row: then a heading is no evidence that there are none."""
        return self._skipped or any(self._current[i] for i in self._template._own)


def _is_heading(line: str) -> bool:
    """A line with a letter in it that is not a terminal's time stamp."""
    return any(character.isalpha() for character in line) and not _PREAMBLE.match(line)


def silent_places(template: Template) -> list[str]:
    """Why the template may drop a line in silence, one phrase for each place; empty for a template that never does."""
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


def has_error_rule(template: Template) -> bool:
    """True when some rule of the template raises Error."""
    return any(rule.line_op == "Error" for rules in template.machine.states.values() for rule in rules)
