"""Lines writable by intents: the canonical form of templates, and the refusal of every other line.

The patterns are those of `change.writable` of the platform, and those that `writable.yaml` of the workspace adds.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher, get_close_matches
from functools import cached_property
from typing import TypeAlias

from eventready.change.forms.configuration import SECTION_EXITS, Fragment
from eventready.change.forms.form import ConfigurationForm
from eventready.change.forms.known_forms import form_of
from eventready.change.forms.tree import Path
from eventready.core.errors import RefusedError, WorkspaceError
from eventready.core.messages import Message, message
from eventready.core.redaction.redaction import redact
from eventready.facts.equipment import Equipment
from eventready.platforms.model import PlatformSpec, check_patterns
from eventready.platforms.writable_pattern import Interfaces, PatternError, match_line, readable, with_any_values
from eventready.workspace.settings.intent_folders import WritableAddition

_FILE = "inventory/writable.yaml"
#: Least similarity of a mistyped keyword, and the share of the keywords of a near line.
_CLOSE, _MOST = 0.75, 2 / 3
#: Patterns of lines, each with those of the lines beneath.
Lines: TypeAlias = "Mapping[str, Lines | None]"
#: Line with the addition that allows it; None for a line of the platform.
_Held: TypeAlias = tuple[str, WritableAddition | None]
_Used: TypeAlias = tuple[str, WritableAddition]
#: Line, the identity of its level, and whether its keywords are whole.
_Key: TypeAlias = tuple[str, int, bool]


@dataclass(frozen=True)
class _Rule:
    """Pattern with the rules of the lines beneath; `addition`: its entry in the workspace."""

    pattern: str
    beneath: tuple[_Rule, ...]
    addition: WritableAddition | None


@dataclass(frozen=True)
class WritableLine:
    """Line in canonical form, the rules of the lines beneath, and the required addition."""

    line: str
    beneath: tuple[_Rule, ...] = ()
    addition: WritableAddition | None = None


@dataclass(frozen=True)
class WritableLines:
    """Lines writable by some intents on a platform."""

    form: ConfigurationForm
    intents: tuple[str, ...]
    rules: tuple[_Rule, ...]
    interfaces: Interfaces = field(default_factory=Interfaces)
    any_values: bool = False
    _known: dict[_Key, tuple[Sequence[_Rule], WritableLine | None]] = field(
        default_factory=dict, repr=False, compare=False
    )

    @cached_property
    def restored(self) -> WritableLines:
        """The lines of a way back: the same lines with the values of the device, whatever they are."""
        return replace(self, any_values=True, _known={})

    @classmethod
    def of(
        cls, platform: str, spec: PlatformSpec, intents: Sequence[str], additions: Iterable[WritableAddition]
    ) -> WritableLines:
        """Return the lines for a platform, with additions and the lines of extended platforms.

        Raises RefusedError for a platform that is only read, WorkspaceError for an addition that is not well formed.
        """
        if spec.change is None:
            raise RefusedError(message("change:writable.read_only", platform=platform))
        writable = spec.change.writable
        rules = [*_rules(writable.shared)]
        for intent in intents:
            rules += [rule for lines in writable.of_intent(intent) for rule in _rules(lines)]
        for addition in additions:
            if addition.platform in (platform, spec.extends) and addition.serves(intents):
                rules += _added(addition)
        return cls(form_of(spec.change), tuple(intents), tuple(rules), Interfaces(writable.interfaces))

    # --- single lines ---------------------------------------------------------------------------------------------

    def find(self, line: str, level: Sequence[_Rule], *, whole: bool) -> WritableLine | None:
        """Return the writable line, or the negation of such a line, in a section; None for none or several.

        `whole`: keywords may differ in case and blanks only, and may not be abbreviated. A line is matched once: the
        devices of a plan have most of their lines in common.
        """
        key = line, id(level), whole
        if key not in self._known:
            self._known[key] = level, self._found(line, level, whole=whole)  # a level that is kept keeps its id
        return self._known[key][1]

    def _found(self, line: str, level: Sequence[_Rule], *, whole: bool) -> WritableLine | None:
        found = [(text, rule) for rule in level if (text := self._match(line, rule.pattern, whole=True)) is not None]
        if not found and not whole:
            found = [(text, rule) for rule in level if (text := self._match(line, rule.pattern, whole=False))]
            if len({text for text, _rule in found}) > 1:
                return None
        if found:
            text = found[0][0]
            same = [rule for other, rule in found if other == text]
            needed = None if any(rule.addition is None for rule in same) else same[0].addition
            return WritableLine(text, tuple(beneath for rule in same for beneath in rule.beneath), needed)
        return self._negated(line, level, whole=whole)

    def _match(self, line: str, pattern: str, *, whole: bool) -> str | None:
        held = with_any_values(pattern) if self.any_values else pattern
        return match_line(line, held, self.interfaces, whole=whole)

    def _negated(self, line: str, level: Sequence[_Rule], *, whole: bool) -> WritableLine | None:
        word, _, rest = line.strip().partition(" ")
        negation, bare, assertion = self.form.spec.negation, rest.strip(), self.form.assertion
        if self.form.writes_items or word.lower() != negation or not bare:
            return None
        if bare.partition(" ")[0].lower() == negation:
            return None
        inner = self.find(f"{assertion}{bare}", level, whole=whole)
        if inner is None or inner.beneath:
            return None
        return WritableLine(f"{negation} {inner.line.removeprefix(assertion)}", (), inner.addition)

    def _refusal(self, line: str, level: Sequence[_Rule], sections: Path, where: str | Message) -> RefusedError:
        """Return the error for a line, with the nearest writable line."""
        shown = redact(line if line.isprintable() else ascii(line))
        msgid = "change:writable.line_in" if sections else "change:writable.line"
        what = message(msgid, line=shown, intents=self.intents, **({"section": sections[-1]} if sections else {}))
        if not self.rules:
            return RefusedError(what, where=where, do=message("change:writable.none"))
        near = _nearest(line, _readable(level)) or _nearest(line, _all_readable(self.rules))
        do = message("change:writable.nearest", near=near, file=_FILE) if near else None
        return RefusedError(what, where=where, do=do or message("change:writable.add", file=_FILE))

    # --- templates ------------------------------------------------------------------------------------------------

    def canonical_text(self, text: str, origin: str | Message) -> str:
        """Return a rendered template with every line in canonical form.

        Raises RefusedError for a line that is not writable. Commands of MML elements and of menus stay as they are.
        """
        if self.form.of_commands:
            return text
        ignored = [re.compile(pattern) for pattern in (*self.form.spec.separators, *self.form.spec.volatile)]
        lines: list[str] = []
        stack: list[tuple[int, tuple[_Rule, ...], Path]] = [(-1, self.rules, ())]
        for raw in text.split("\n"):
            bare = raw.strip()
            if not bare or bare in SECTION_EXITS or any(pattern.fullmatch(bare) for pattern in ignored):
                lines.append(raw)
                continue
            depth = self.form.depth(raw)
            while stack[-1][0] >= depth:
                stack.pop()
            _, level, sections = stack[-1]
            found = self.find(bare, level, whole=False)
            if found is None:
                raise self._refusal(bare, level, sections, origin)
            lines.append(raw[: len(raw) - len(raw.lstrip())] + found.line)
            stack.append((depth, found.beneath, (*sections, found.line)))
        return "\n".join(lines)

    def refuse_fragment(self, fragment: Fragment, origin: str | Message) -> None:
        """Raise RefusedError for an object or a property of an MML or menu fragment without a pattern."""
        if self.form.of_commands:
            for header, values in {**fragment.tree, **{path[0]: {} for path in fragment.removals}}.items():
                deque(self._hold_item(header, values, origin), maxlen=0)

    # --- commands -------------------------------------------------------------------------------------------------

    def refuse_commands(self, commands: Sequence[str], device: str) -> tuple[_Used, ...]:
        """Return the lines of `commands_between` allowed by an addition only, each once, with the addition.

        Raises RefusedError for a command that writes another line, or in a section in which the line is not writable.
        """
        hold = self._hold_items if self.form.writes_items else self._hold_sections
        used = ((line, addition) for line, addition in hold(commands, device) if addition is not None)
        return tuple({(line, id(addition)): (line, addition) for line, addition in used}.values())

    def _hold(self, line: str, level: Sequence[_Rule], sections: Path, device: str | Message) -> WritableLine:
        found = self.find(line, level, whole=True)
        if found is None:
            raise self._refusal(line, level, sections, device)
        return found

    def _hold_sections(self, commands: Sequence[str], device: str) -> Iterator[_Held]:
        """Follow the sections entered and left by the commands.

        Where no command leaves a section, a line that is not writable in the section is one of the top level, as the
        device takes it.
        """
        rules, leaving = self.form.rules(), self.form.spec.section_exit
        stack: list[tuple[tuple[_Rule, ...], Path]] = [(self.rules, ())]
        for line in commands:
            if leaving and line == leaving and len(stack) > 1:
                stack.pop()
                continue
            level, sections = stack[-1]
            found = self.find(line, level, whole=True)
            if found is None and not leaving and len(stack) > 1:
                del stack[1:]
                found = self.find(line, self.rules, whole=True)
            if found is None:
                raise self._refusal(line, level, sections, device)
            yield line, found.addition
            if found.beneath or rules.opens_section(line):
                stack.append((found.beneath, (*sections, found.line)))

    def _hold_items(self, commands: Sequence[str], device: str) -> Iterator[_Held]:
        for command in commands:
            found = self.form.written(command)
            if found is None:
                raise self._refusal(command[:200], self.rules, (), device)
            yield from self._hold_item(*found, device)

    def _hold_item(self, header: str, lines: Iterable[str], device: str | Message) -> Iterator[_Held]:
        """Hold an item and its `name=value` lines; `name=` removes a value."""
        item = self._hold(header, self.rules, (), device)
        yield header, item.addition
        for line in lines:
            if line.endswith("="):
                known = [rule for rule in item.beneath if rule.pattern.startswith(line)]
                if not known:
                    raise self._refusal(line, item.beneath, (header,), device)
                yield line, known[0].addition
            else:
                yield line, self._hold(line, item.beneath, (header,), device).addition


class PlanLines:
    """Writable lines of the devices of a plan; devices with the same platform and intents share them."""

    def __init__(self, equipment: Equipment, additions: Sequence[WritableAddition]) -> None:
        self._equipment, self._additions = equipment, additions
        self._lines: dict[tuple[str, tuple[str, ...]], WritableLines] = {}

    def of(self, platform: str, intents: Sequence[str]) -> WritableLines:
        """Return the lines of a platform for some intents. Raises as `WritableLines.of` does."""
        key = platform, tuple(intents)
        if key not in self._lines:
            spec = self._equipment.named(platform).spec
            self._lines[key] = WritableLines.of(platform, spec, intents, self._additions)
        return self._lines[key]


def addition_risks(used: Iterable[_Used]) -> Iterator[Message]:
    """Yield a sentence for each line of a plan allowed by an addition of the workspace only."""
    for line, addition in used:
        yield message("change:risk.addition", file=_FILE, line=line, by=addition.by, reason=addition.reason)


def _is_close(word: str, others: Sequence[str]) -> bool:
    return bool(get_close_matches(word, others, cutoff=_CLOSE))


def _nearest(line: str, patterns: Iterable[str]) -> str:
    """Return the pattern with most keywords in common with a line, the first at the beginning; else an empty text."""
    words = line.split()

    def nearness(pattern: str) -> tuple[float, float]:
        keywords = [word for word in pattern.split() if "{" not in word]
        if not keywords or not _is_close(keywords[0], words[:1]):
            return 0, 0
        found = sum(word in words or (word.isalpha() and _is_close(word, words)) for word in keywords)
        of = max(len(keywords), len(words) - pattern.count("{"))
        return found / of, SequenceMatcher(None, pattern, line).ratio()

    nearest = max(patterns, key=nearness, default="")
    return nearest if nearness(nearest)[0] > _MOST else ""


def _rules(lines: Lines, addition: WritableAddition | None = None) -> tuple[_Rule, ...]:
    return tuple(_Rule(str(pattern), _rules(beneath or {}, addition), addition) for pattern, beneath in lines.items())


def _added(addition: WritableAddition) -> tuple[_Rule, ...]:
    try:
        check_patterns(addition.lines)
    except PatternError as error:
        raise WorkspaceError(message("change:writable.pattern", error=str(error)), where=addition.origin) from None
    return _rules(addition.lines, addition)


def _readable(rules: Iterable[_Rule]) -> Iterator[str]:
    for rule in rules:
        yield from readable(rule.pattern)


def _all_readable(rules: Iterable[_Rule]) -> Iterator[str]:
    for rule in rules:
        yield from readable(rule.pattern)
        yield from _all_readable(rule.beneath)
