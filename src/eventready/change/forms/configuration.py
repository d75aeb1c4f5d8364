"""Parse the running configuration: completeness, volatile lines removed, and a hash."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from eventready.change.errors import SendCommands, UnreadableConfiguration, answer_to, require_answer
from eventready.change.forms import host_files, keyed, menus, mml, paths
from eventready.change.forms.fragment import Fragment
from eventready.change.forms.tree import Tree, dedent_sections, fold_blocks, parse_tree, significant_lines
from eventready.core.messages import message
from eventready.platforms.model import ChangeSpec
from eventready.platforms.pattern import lines_too_long

#: Parsers of the text printed by a device, by form; indented text has a common parser.
_PARSERS: Mapping[str, Callable[[ChangeSpec, str, str], Tree]] = {
    "keyed": keyed.read_files,
    "host_files": host_files.read_state,
    "paths": paths.read_paths,
    "menus": menus.read_menus,
}


@dataclass(frozen=True)
class Configuration:
    """A parsed running configuration.

    `text` keeps its indentation and has neither volatile lines nor separators; `sha256` is the hash of `text`.
    """

    tree: Tree
    text: str
    sha256: str


def commands_to_read(spec: ChangeSpec, fragment: Fragment | None) -> tuple[str, ...]:
    """Return the commands for reading the configuration: for MML, a command per object in the fragment.

    For `host_files`, the command names the files of the fragment.
    """
    if spec.form == "mml":
        return mml.read_commands(spec, fragment.tree if fragment else {})
    if spec.form == "host_files":
        return (host_files.read_command(spec, fragment.tree if fragment else ()),)
    return (spec.read,)


def read_configuration(spec: ChangeSpec, answers: Mapping[str, str], *, device: str) -> Configuration:
    """Parse the answers to `commands_to_read`. Raises UnreadableConfiguration."""
    if spec.form == "mml":
        tree = mml.read_objects(spec, answers, device)
        return _configuration(tree, mml.render_commands(spec, tree))
    answer = next(iter(answers.values()), "") if spec.form == "host_files" else answers.get(spec.read, "")
    if lines_too_long(answer):
        raise UnreadableConfiguration(message("change:unread.long_lines", device=device, command=spec.read))
    text = fold_blocks(answer.replace("\r", ""), [(block.start, block.end) for block in spec.blocks])
    if not text.strip():
        raise UnreadableConfiguration(message("change:unread.no_output", device=device, command=spec.read))
    if spec.complete and not re.search(spec.complete, text, re.MULTILINE):
        raise UnreadableConfiguration(message("change:unread.truncated", device=device))
    if spec.form == "indented":
        text = dedent_sections(text, spec.separators)
    lines = significant_lines(text, spec.separators, volatile=spec.volatile)
    kept = "".join(f"{' ' * depth}{line}\n" for depth, line in lines)
    if parse := _PARSERS.get(spec.form):
        tree = parse(spec, text, device)
    else:
        tree = parse_tree(text, spec.separators, spec.blank_insensitive, spec.volatile)
    if not tree:
        raise UnreadableConfiguration(message("change:unread.empty", device=device))
    return _configuration(tree, kept)


def read_running(spec: ChangeSpec, fragment: Fragment | None, send: SendCommands, *, device: str) -> Configuration:
    """Read the running configuration of a device. Raises UnreadableConfiguration."""
    replies = send(commands_to_read(spec, fragment))
    return read_configuration(spec, {one.command: require_answer(one) for one in replies}, device=device)


def read_startup(spec: ChangeSpec, send: SendCommands, *, device: str) -> Configuration | None:
    """Read the startup configuration of a device; None if unreadable. `send` may be the shell's."""
    with suppress(UnreadableConfiguration):
        return read_configuration(spec, {spec.read: answer_to(send, spec.startup)}, device=device)
    return None


def _configuration(tree: Tree, text: str) -> Configuration:
    return Configuration(tree, text, hashlib.sha256(text.encode()).hexdigest())
