"""Form of configuration: operations on configurations in a notation, bound to the rules of a platform."""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar, NoReturn, TypeAlias

from eventready.change.errors import FragmentError, SendCommands, UnreadableConfiguration, answer_to, require_answer
from eventready.change.forms.configuration import Configuration, complete_text, significant_text
from eventready.change.forms.diff import difference
from eventready.change.forms.fragment import Fragment, mention
from eventready.change.forms.rules import Rules
from eventready.change.forms.tree import Path, Tree, copy_tree, identical, lines_of_key, parse_tree, subtree, walk
from eventready.core.messages import message
from eventready.platforms.model import ChangeSpec

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

    def parse(self, text: str, origin: str) -> Fragment:
        """Parse a rendered template. Raises FragmentError for a line not allowed by the form."""
        tree, removals = self._parse_template(text, origin)
        return Fragment(tree, removals, dict.fromkeys([*walk(tree), *removals], origin), text)

    @abstractmethod
    def _parse_template(self, text: str, origin: str) -> Parsed:
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
        origins: dict[Path, str] = {}
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


def _contradiction(first: str, second: str, origin: str, other: str) -> NoReturn:
    raise FragmentError(message("change:lines.contradict", first=first, origin=origin, second=second, other=other))
