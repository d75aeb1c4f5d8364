"""Form of configuration: operations on configurations in a notation, bound to the rules of a platform."""

from __future__ import annotations

import hashlib
import json
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar, NoReturn, TypeAlias

from eventready.change.errors import FragmentError, SendCommands, UnreadableConfiguration, answer_to, require_answer
from eventready.change.forms.configuration import Configuration, Fragment, complete_text, mention, significant_text
from eventready.change.forms.rules import Rules
from eventready.change.forms.tree import Path, Tree, copy_tree, identical, lines_of_key, parse_tree, subtree, walk
from eventready.core.messages import Message, message
from eventready.platforms.model import ChangeSpec

#: Returns the line of a level with another value of the setting of a path.
Conflicting: TypeAlias = "Callable[[Rules, Path, Tree], str | None]"


def difference(rules: Rules, conflicting: Conflicting, now: Tree, then: Tree, path: Path = ()) -> Iterator[str]:
    """Yield the lines of the difference. A new value follows the old value of its setting."""
    depth = len(path)
    conflicts = {line: conflicting(rules, (*path, line), now) for line in then if line not in now}
    replaced = {old: line for line, old in conflicts.items() if old is not None and old not in then}
    for line, beneath in now.items():
        if line not in then:
            yield from _whole("-", line, beneath, depth)
            if line in replaced:
                yield from _whole("+", replaced[line], then[replaced[line]], depth)
            continue
        inner = list(difference(rules, conflicting, beneath, then[line], (*path, line)))
        moved = list(rules.normalized(line, beneath)) != list(rules.normalized(line, then[line]))
        if rules.is_ordered(line) and not inner and moved:
            inner = [*signed("-", beneath, depth + 1), *signed("+", then[line], depth + 1)]
        if inner:
            yield _line(" ", line, depth)
            yield from inner
    for line, beneath in then.items():
        if line not in now and line not in replaced.values():
            yield from _whole("+", line, beneath, depth)


def signed(sign: str, tree: Tree, depth: int = 0) -> Iterator[str]:
    """Yield every line of a tree with a sign."""
    for line, beneath in tree.items():
        yield from _whole(sign, line, beneath, depth)


def _whole(sign: str, line: str, beneath: Tree, depth: int) -> Iterator[str]:
    yield _line(sign, line, depth)
    yield from signed(sign, beneath, depth + 1)


def _line(sign: str, line: str, depth: int) -> str:
    return f"{sign} {' ' * depth}{printable(line)}"


def printable(line: str) -> str:
    """Return a line with escapes in place of control characters and other characters without a shape."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in line)


#: Lines to have, and paths to remove.
Parsed: TypeAlias = "tuple[Tree, tuple[Path, ...]]"


@dataclass(frozen=True)
class Addressed:
    """Section, or beginning of statements, with an address of the device.

    `lines` may name its VRF; `interface` is the logical interface if these lines name it.
    """

    section: str
    address: str
    lines: tuple[str, ...]
    interface: str = ""


class ConfigurationForm(ABC):
    """Operations on the configurations of a platform. The defaults are those of items with values."""

    #: A command names an item and writes its values; otherwise a command is a line of the configuration.
    writes_items: ClassVar[bool] = True
    #: A template consists of commands; otherwise of lines in the notation of the configuration.
    of_commands: ClassVar[bool] = False
    #: A reading has the objects of the plan only.
    reads_plan_only: ClassVar[bool] = False
    #: A playbook writes the lines of a plan.
    by_playbook: ClassVar[bool] = False
    #: First word of a line without negation.
    assertion: ClassVar[str] = ""

    def __init__(self, spec: ChangeSpec) -> None:
        self.spec = spec

    def rules(self) -> Rules:
        """Return the rules of the platform's lines, for a single operation: their index of sections is not renewed."""
        return Rules(self.spec, self.assertion)

    # --- reading ----------------------------------------------------------------------------------------------------

    def commands_to_read(self, _fragment: Fragment | None) -> tuple[str, ...]:
        """Return the commands for reading the configuration, as far as a fragment needs."""
        return (self.spec.read,)

    def read(self, answers: Mapping[str, str], *, device: str) -> Configuration:
        """Parse the answers to `commands_to_read`. Raises UnreadableConfiguration."""
        text = self._laid_out(complete_text(self.spec, next(iter(answers.values()), ""), device))
        tree = self._parse_printed(text, device)
        if not tree:
            raise UnreadableConfiguration(message("change:unread.empty", device=device))
        return Configuration.of(tree, significant_text(self.spec, text))

    def read_running(self, fragment: Fragment | None, send: SendCommands, *, device: str) -> Configuration:
        """Read the running configuration of a device. Raises UnreadableConfiguration."""
        replies = send(self.commands_to_read(fragment))
        return self.read({one.command: require_answer(one) for one in replies}, device=device)

    def read_startup(self, send: SendCommands, *, device: str) -> Configuration | None:
        """Read the startup configuration of a device; None if unreadable. `send` may be the shell's."""
        with suppress(UnreadableConfiguration):
            return self.read({self.spec.startup: answer_to(send, self.spec.startup)}, device=device)
        return None

    def _laid_out(self, text: str) -> str:
        return text

    def _parse_printed(self, text: str, _device: str) -> Tree:
        """Parse the configuration printed by a device. Raises UnreadableConfiguration."""
        return parse_tree(text, self.spec.separators, self.spec.blank_insensitive, self.spec.volatile)

    # --- templates --------------------------------------------------------------------------------------------------

    def parse(self, text: str, origin: str | Message) -> Fragment:
        """Parse a rendered template. Raises FragmentError for a line not allowed by the form."""
        tree, removals = self._parse_template(text, origin)
        return Fragment(tree, removals, dict.fromkeys((*walk(tree), *removals), origin), text)

    @abstractmethod
    def _parse_template(self, text: str, origin: str | Message) -> Parsed:
        """Parse a rendered template. Raises FragmentError."""

    def depth(self, raw: str) -> int:
        """Return the indentation of a template's line; a line belongs to the nearest line above with less."""
        expanded = raw.expandtabs()
        return len(expanded) - len(expanded.lstrip())

    def join(self, fragments: Iterable[Fragment]) -> Fragment:
        """Join the fragments of several intents for a device, in their order.

        Raises FragmentError, with both origins, where two contradict each other.
        """
        rules = self.rules()
        tree: Tree = {}
        removals: dict[Path, None] = {}
        origins: dict[Path, str | Message] = {}
        texts: list[str] = []
        for fragment in fragments:
            for path in walk(fragment.tree):
                above = subtree(tree, path[:-1])
                conflict = self._conflicting(rules, path, above)
                first, second = origins.get(path, ""), fragment.origins.get(path, "")
                if conflict is not None:
                    _contradiction(conflict, path[-1], origins.get((*path[:-1], conflict), ""), second)
                if path in removals:
                    _contradiction(rules.negated(path[-1]), path[-1], first, second)
                mention(rules, above, path[-1])
            for path in fragment.removals:
                if path[-1] in subtree(tree, path[:-1]):
                    first, second = origins.get(path, ""), fragment.origins.get(path, "")
                    _contradiction(path[-1], rules.negated(path[-1]), first, second)
                removals[path] = None
            origins = {**fragment.origins, **origins}
            if both := self._set_and_removed(tree, removals):
                line, gone = both
                _contradiction(line, rules.negated(gone[0]), origins.get((line,), ""), origins.get(gone, ""))
            texts += [fragment.text.rstrip("\n")] if fragment.text.strip() else []
        return Fragment(copy_tree(tree), tuple(removals), origins, "\n".join([*texts, ""]) if texts else "")

    def _conflicting(self, _rules: Rules, path: Path, siblings: Tree) -> str | None:
        """Return the line of `siblings` with another value of the same setting."""
        if len(path) == 1 or "=" not in path[-1]:
            return None
        return next((one for one in lines_of_key(siblings, path[-1]) if one != path[-1]), None)

    def _set_and_removed(self, _tree: Tree, _removals: Iterable[Path]) -> tuple[str, Path] | None:
        """Return a line set beneath a removed line, and the removal."""
        return None

    def other_value(self, path: Path, siblings: Tree) -> str | None:
        """Return the line of `siblings` with another value of the setting of a path; None if there is none."""
        return self._conflicting(self.rules(), path, siblings)

    def template(self, now: Tree, then: Tree) -> str:
        """Return a template's text from configuration `now` to configuration `then`.

        Raises FragmentError for a difference that no template has. The default is that of templates of commands.
        """
        return "".join(f"{command}\n" for command in self._commands(now, then))

    # --- changes ----------------------------------------------------------------------------------------------------

    @abstractmethod
    def merge(self, running: Tree, fragment: Fragment) -> Tree:
        """Return the configuration after the device has accepted the fragment; `running` is not modified.

        Raises FragmentError if the device lacks an object that the fragment changes, and UnreadableConfiguration if an
        old value that the way back needs is unknown.
        """

    def commands_between(self, now: Tree, then: Tree) -> tuple[str, ...]:
        """Return the commands from configuration `now` to configuration `then`, without `enter` and `leave`; empty if
        equivalent.

        New lines come first, in the order of `then`; obsolete lines are removed afterwards, in reverse order.
        """
        return tuple(self._commands(now, then))

    @abstractmethod
    def _commands(self, now: Tree, then: Tree) -> Iterable[str]:
        """Yield the commands of `commands_between`."""

    def recreated(self, _now: Tree, _then: Tree) -> tuple[Path, ...]:
        """Return the paths of both configurations with lines removed and created again in between."""
        return ()

    def equivalent(self, one: Tree, other: Tree) -> bool:
        """Return True if two configurations have the same meaning; the order of lines counts in ordered parts only."""
        return identical(one, other) or (one.keys() == other.keys() and self._meaning(one) == self._meaning(other))

    def fingerprint(self, tree: Tree) -> str:
        """Return the SHA-256 of the significant parts of a configuration: equal for two `equivalent` configurations."""
        return hashlib.sha256(json.dumps(self._meaning(tree), ensure_ascii=False).encode()).hexdigest()

    def _meaning(self, tree: Tree) -> list[object]:
        return [[line, self._meaning(tree[line])] for line in sorted(tree)]

    def diff(self, now: Tree, then: Tree) -> tuple[str, ...]:
        """Return a diff for people: `-` and `+` before old and new lines, blanks before their sections.

        Characters that a terminal would interpret are escaped (`\\x1b`).
        """
        return tuple(difference(self.rules(), self._conflicting, now, then))

    def foreign_lines(self, found: Tree, before: Tree, target: Tree) -> tuple[Path, ...]:
        """Return the lines of `found` outside every prefix of the change's own commands, forward or backward."""
        known = {*walk(before), *walk(target)}
        return tuple(path for path in walk(found) if path not in known)

    # --- safety -----------------------------------------------------------------------------------------------------

    def written(self, _command: str) -> tuple[str, tuple[str, ...]] | None:
        """Return the item and the values of a command of `commands_between`; None for any other text.

        A removed value is `name=`.
        """
        return None

    def sections(self, tree: Tree) -> dict[str, Tree]:
        """Return the parts of a configuration by their first words."""
        return tree

    def implied(self, _tree: Tree) -> frozenset[str]:
        """Return the lines not printed because other lines continue them."""
        return frozenset()

    def addressed(self, _tree: Tree, _addresses: frozenset[str]) -> tuple[Addressed, ...]:
        """Return the sections with an address of the device."""
        return ()

    def touches(self, line: str, section: Addressed) -> bool:
        """Return True if a line without negation enters, creates or removes a section."""
        return line == section.section


def _contradiction(first: str, second: str, origin: str | Message, other: str | Message) -> NoReturn:
    raise FragmentError(message("change:lines.contradict", first=first, origin=origin, second=second, other=other))


class LineForm(ConfigurationForm):
    """Operations on configurations of lines."""

    writes_items: ClassVar[bool] = False

    def _conflicting(self, rules: Rules, path: Path, siblings: Tree) -> str | None:
        return rules.conflicting(path[-1], siblings)

    def foreign_lines(self, found: Tree, before: Tree, target: Tree) -> tuple[Path, ...]:
        """See ConfigurationForm.

        Known are also lines that the device prints in addition: the default of a setting that the change sets or
        resets, and the side effects in the platform's rules.
        """
        rules = self.rules()
        known = {one for path in (*walk(before), *walk(target)) for one in (path, *self._without_number(path))}
        return tuple(path for path in walk(found) if path not in known and not _is_default(rules, path, before, target))

    def _without_number(self, path: Path) -> Iterator[Path]:
        """Yield the unnumbered form of a numbered list line, for devices with hidden numbers."""
        section = path[-2] if len(path) > 1 else ""
        for rule in self.spec.numbered:
            match = re.fullmatch(rule.line, path[-1])
            if match and match["number"] and (not rule.section or re.fullmatch(rule.section, section)):
                name = f"{match['list']} " if "list" in match.groupdict() else ""
                yield (*path[:-1], f"{name}{match['rest']}")


def _is_default(rules: Rules, path: Path, before: Tree, target: Tree) -> bool:
    """Return True for a default line printed by the device in a section of the change."""
    line = path[-1]
    own = [one for tree in (before, target) for one in subtree(tree, path[:-1])]
    # a reset by a value leaves this value
    return line in (rules.removal(one) for one in own if rules.setting(one) is not None) or any(
        re.fullmatch(effect.prints, line) and any(re.fullmatch(effect.line, one) for one in own)
        for effect in rules.spec.side_effects
    )
