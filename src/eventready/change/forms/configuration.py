"""Running configuration of a device, and fragments: rendered templates as trees, with removals and origins."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from eventready.change.errors import UnreadableConfiguration
from eventready.change.forms.rules import Rules
from eventready.change.forms.tree import Path, Tree, fold_blocks, significant_lines
from eventready.core.messages import Message, message
from eventready.core.strings.pattern import lines_too_long
from eventready.platforms.model import ChangeSpec


@dataclass(frozen=True)
class Configuration:
    """A parsed running configuration.

    `text` keeps its indentation and has neither volatile lines nor separators; `sha256` is the hash of `text`.
    """

    tree: Tree
    text: str
    sha256: str

    @classmethod
    def of(cls, tree: Tree, text: str) -> Self:
        """Return a configuration with the hash of its text."""
        return cls(tree, text, hashlib.sha256(text.encode()).hexdigest())


def complete_text(spec: ChangeSpec, answer: str, device: str) -> str:
    """Return a complete answer with its free-text blocks as single lines. Raises UnreadableConfiguration."""
    if lines_too_long(answer):
        raise UnreadableConfiguration(message("change:unread.long_lines", device=device, command=spec.read))
    text = fold_blocks(answer.replace("\r", ""), [(block.start, block.end) for block in spec.blocks])
    if not text.strip():
        raise UnreadableConfiguration(message("change:unread.no_output", device=device, command=spec.read))
    if spec.complete and not re.search(spec.complete, text, re.MULTILINE):
        raise UnreadableConfiguration(message("change:unread.truncated", device=device))
    return text


def significant_text(spec: ChangeSpec, text: str) -> str:
    """Return the text without volatile lines and separators."""
    lines = significant_lines(text, spec.separators, volatile=spec.volatile)
    return "".join(f"{' ' * depth}{line}\n" for depth, line in lines)


#: Lines that leave a section: the following lines would apply to another section than their indentation shows.
SECTION_EXITS = frozenset({"exit", "quit", "end", "return"})


@dataclass(frozen=True)
class Fragment:
    """Target lines of a device. `removals` are full paths of lines (without negation) to be absent.

    `origins` maps every line and removal to its template: `templates/backup/cisco_xe.j2 for edge-vh-1`.
    """

    tree: Tree = field(default_factory=dict)
    removals: tuple[Path, ...] = ()
    origins: Mapping[Path, str | Message] = field(default_factory=dict)
    text: str = ""

    @property
    def empty(self) -> bool:
        """Return True if there is neither a line nor a removal."""
        return not self.tree and not self.removals

    @property
    def origin(self) -> str | Message:
        """Return the first template; empty for a fragment without lines."""
        return next(iter(self.origins.values()), "")


def mention(rules: Rules, tree: Tree, line: str) -> None:
    """Add a line to the tree. A permanent or implicit section moves to its last mention.

    Objects that an interface uses are then created before it, whichever intent mentions the interface first.
    """
    there = tree.get(line, {})
    if line in tree and (rules.is_permanent(line) or rules.is_implicit(line)):
        del tree[line]
    tree.setdefault(line, there)
