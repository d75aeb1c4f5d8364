"""Managed files of a service host, each with owner, mode, content hash and the state of its daemon.

Tree: {"nginx:/etc/nginx/conf.d/event.conf": {"file 644 root root SHA256": {}, "daemon running": {}}}, or `file absent`.
No content is read: a playbook writes it, and the host saves what it replaces (`host_files.sh`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from eventready.change.errors import FragmentError, UnreadableConfiguration
from eventready.change.forms.configuration import Fragment
from eventready.change.forms.form import ConfigurationForm, Parsed
from eventready.change.forms.tree import Path, Tree, parse_tree, walk
from eventready.core.messages import Message, message

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


class HostFilesForm(ConfigurationForm):
    """Operations on managed files."""

    reads_plan_only: ClassVar[bool] = True
    by_playbook: ClassVar[bool] = True

    def commands_to_read(self, fragment: Fragment | None) -> tuple[str, ...]:
        """See ConfigurationForm: the command names the files of the fragment."""
        return (self.spec.read.replace("{files}", " ".join(fragment.tree if fragment else ())),)

    def _parse_printed(self, text: str, device: str) -> Tree:
        tree = super()._parse_printed(text, device)
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

    def _parse_template(self, text: str, origin: str | Message) -> Parsed:
        """Parse the files written by a playbook; a name without a line is only read. Raises FragmentError."""
        tree = parse_tree(text, self.spec.separators)
        for name, lines in tree.items():
            if not _NAME.fullmatch(name) or len(lines) > 1 or not all(map(_FILE.fullmatch, lines)):
                raise FragmentError(message("change:lines.no_file_state", name=name), where=origin)
        return tree, ()

    def merge(self, running: Tree, fragment: Fragment) -> Tree:
        """See ConfigurationForm: the files are taken by their daemons, which keep running or stopped.

        Raises UnreadableConfiguration for a daemon that has not taken its present files: its old state is unknown.
        """
        result: Tree = {}
        for name, lines in running.items():
            file, daemon, *rest = lines
            if rest:
                raise UnreadableConfiguration(
                    message("change:unread.not_taken", service=name.partition(":")[0], file=name.partition(":")[2]),
                    where=fragment.origin,
                )
            target = next(iter(fragment.tree.get(name, {})), file)
            if target.endswith(" same"):
                target = f"{target.removesuffix(' same')} {file.rpartition(' ')[2]}"
            result[name] = {target: {}, daemon: {}}
        return result

    def _commands(self, now: Tree, then: Tree) -> Iterator[str]:
        """See ConfigurationForm: a command per different file; the command also sets the state of the daemon."""
        for name, lines in then.items():
            if now.get(name) != lines:
                file, daemon = (line.partition(" ")[2] for line in lines)
                yield f"sh {PROGRAM} put {name} {daemon} {file}"

    def written(self, command: str) -> tuple[str, tuple[str, ...]] | None:
        """See ConfigurationForm."""
        match = _PUT.fullmatch(command)
        return (match["name"], (f"file {match['file']}", f"daemon {match['daemon']}")) if match else None

    def foreign_lines(self, found: Tree, before: Tree, target: Tree) -> tuple[Path, ...]:
        """See ConfigurationForm: files with neither content; owner, mode and daemon may be in between."""
        return tuple(path for path in walk(found) if _is_foreign(path, before, target))


def _is_foreign(path: Path, before: Tree, target: Tree) -> bool:
    content = path[-1].rpartition(" ")[2]
    known = {line.rpartition(" ")[2] for tree in (before, target) for line in tree.get(path[0], {})}
    return len(path) > 1 and path[-1].startswith("file ") and content not in known
