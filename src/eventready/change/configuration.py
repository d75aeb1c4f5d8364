"""The running configuration as it was read: whole, without what changes by itself, and with a hash over it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from eventready.change import keyed, mml
from eventready.change.errors import UnreadableConfiguration
from eventready.change.fragment import Fragment
from eventready.change.tree import Tree, folded, lines_of, parse_tree, to_the_margin
from eventready.platforms.model import ChangeSpec


@dataclass(frozen=True)
class Configuration:
    """`text` has neither volatile lines nor separators and keeps its indentation; `sha256` is over `text`."""

    tree: Tree
    text: str
    sha256: str


def commands_to_read(spec: ChangeSpec, fragment: Fragment | None) -> tuple[str, ...]:
    """What is asked to know the present configuration: of an MML element, the objects that the fragment changes."""
    if spec.form == "mml":
        return mml.read_commands(spec, fragment.tree if fragment else {})
    return (spec.read,)


def read_configuration(spec: ChangeSpec, answers: Mapping[str, str], *, device: str) -> Configuration:
    """The configuration that the answers to `commands_to_read` tell. Raises UnreadableConfiguration with the reason."""
    if spec.form == "mml":
        tree = mml.read_objects(spec, answers, device)
        return _configuration(tree, mml.text_of(tree))
    text = folded(answers.get(spec.read, "").replace("\r", ""), [(block.start, block.end) for block in spec.blocks])
    if not text.strip():
        raise UnreadableConfiguration(f"{device} answered nothing to `{spec.read}`", do="Look at its login's rights.")
    if spec.complete and not re.search(spec.complete, text, re.MULTILINE):
        raise UnreadableConfiguration(
            f"the running configuration of {device} ends before its end", do="Try again; nothing was changed."
        )
    if spec.form == "indented":
        text = to_the_margin(text, spec.separators)
    lines = lines_of(text, spec.separators, volatile=spec.volatile)
    kept = "".join(f"{' ' * depth}{line}\n" for depth, line in lines)
    if spec.form == "keyed":
        tree = keyed.read_files(spec, text, device)
    else:
        tree = parse_tree(text, spec.separators, spec.loose, spec.volatile)
    if not tree:
        raise UnreadableConfiguration(f"the running configuration of {device} is empty")
    return _configuration(tree, kept)


def _configuration(tree: Tree, text: str) -> Configuration:
    return Configuration(tree, text, hashlib.sha256(text.encode()).hexdigest())
