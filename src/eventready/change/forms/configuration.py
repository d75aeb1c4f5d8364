"""Running configuration of a device: its tree, its significant text, and a hash."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Self

from eventready.change.errors import UnreadableConfiguration
from eventready.change.forms.tree import Tree, fold_blocks, significant_lines
from eventready.core.messages import message
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
