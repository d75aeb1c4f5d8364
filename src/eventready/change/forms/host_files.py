"""Managed files of a service host, each with owner, mode, content hash and the state of its daemon.

Tree: {"nginx:/etc/nginx/conf.d/event.conf": {"file 644 root root SHA256": {}, "daemon running": {}}}, or `file absent`.
No content is read: a playbook writes it, and the host saves what it replaces (`change/intents/ansible/host_files.sh`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from eventready.change.errors import FragmentError, UnreadableConfiguration
from eventready.change.forms.tree import Path, Tree, parse_tree
from eventready.core.messages import message
from eventready.platforms.model import ChangeSpec

#: The program on the host that saves and restores files.
PROGRAM = "/var/lib/eventready/host_files"
#: A daemon and a file that the daemon reads: `nginx:/etc/nginx/conf.d/event.conf`.
_NAME = re.compile(r"[a-z]+:(?:/[\w-][\w.-]*)+")
_FILE = re.compile(r"file (?:absent|[0-7]{3,4} [\w.-]+ [\w.-]+ (?:[0-9a-f]{64}|same))")
_DAEMON = re.compile(r"daemon (?:running|stopped)")
_PUT = re.compile(
    rf"sh {re.escape(PROGRAM)} put (?P<name>{_NAME.pattern}) (?P<daemon>running|stopped) (?P<file>[\w. -]+)"
)
_NOT_RELOADED = "not reloaded"


def read_command(spec: ChangeSpec, names: Iterable[str]) -> str:
    """Return the command for printing the state of the named files."""
    return spec.read.replace("{files}", " ".join(names))


def parse_fragment(spec: ChangeSpec, text: str, origin: str) -> tuple[Tree, tuple[Path, ...]]:
    """Parse the files written by a playbook; a name without a line is only read. Raises FragmentError."""
    tree = parse_tree(text, spec.separators)
    for name, lines in tree.items():
        if not _NAME.fullmatch(name) or len(lines) > 1 or not all(map(_FILE.fullmatch, lines)):
            raise FragmentError(message("change:lines.no_file_state", name=name), where=origin)
    return tree, ()


def read_state(spec: ChangeSpec, text: str, device: str) -> Tree:
    """Parse the state printed by a host. Raises UnreadableConfiguration."""
    tree = parse_tree(text, spec.separators)
    for name, lines in tree.items():
        if "file special" in lines:
            raise UnreadableConfiguration(
                message("change:unread.not_regular", file=name.partition(":")[2], device=device)
            )
        known = [line for line in lines if line != _NOT_RELOADED]
        if (
            not _NAME.fullmatch(name)
            or len(known) != 2
            or not (_FILE.fullmatch(known[0]) and _DAEMON.fullmatch(known[1]))
        ):
            raise UnreadableConfiguration(message("change:unread.file_state", device=device, name=name[:80]))
    return tree


def merge(
    _spec: ChangeSpec, running: Tree, wanted: Tree, _removals: Iterable[Path], origins: Mapping[Path, str]
) -> Tree:
    """Return `running` after the playbook: its files, taken by their daemons, which keep running or stopped.

    Raises UnreadableConfiguration for a daemon that has not taken its present files: its old state is unknown.
    """
    result: Tree = {}
    for name, lines in running.items():
        file, daemon, *rest = lines
        if rest:
            raise UnreadableConfiguration(
                message("change:unread.not_taken", service=name.partition(":")[0], file=name.partition(":")[2]),
                where=next(iter(origins.values()), ""),
            )
        target = next(iter(wanted.get(name, {})), file)
        if target.endswith(" same"):
            target = f"{target.removesuffix(' same')} {file.rpartition(' ')[2]}"
        result[name] = {target: {}, daemon: {}}
    return result


def commands_between(_spec: ChangeSpec, now: Tree, then: Tree) -> Iterator[str]:
    """Yield a command per different file; the command also sets the state of the daemon."""
    for name, lines in then.items():
        if now.get(name) != lines:
            file, daemon = (line.partition(" ")[2] for line in lines)
            yield f"sh {PROGRAM} put {name} {daemon} {file}"


def read_put(_spec: ChangeSpec, command: str) -> tuple[str, tuple[str, ...]] | None:
    """Return the file and its state for a command of `commands_between`; None for any other text."""
    match = _PUT.fullmatch(command)
    return (match["name"], (f"file {match['file']}", f"daemon {match['daemon']}")) if match else None


def is_foreign(path: Path, before: Tree, target: Tree) -> bool:
    """Return True for a file with neither the old nor the new content; owner, mode and daemon may be in between."""
    content = path[-1].rpartition(" ")[2]
    known = {line.rpartition(" ")[2] for tree in (before, target) for line in tree.get(path[0], {})}
    return len(path) > 1 and path[-1].startswith("file ") and content not in known
