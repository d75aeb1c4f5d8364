"""Permission of a workspace to connect and to run programs, given by the person and bound to the content.

A workspace from elsewhere names hosts, programs (`exec:`, ProxyCommand, playbooks), lines to configure and secrets to
send. It is refused until `eventready allow`, and again when one of these files has changed. Records lie in the
person's configuration folder; `EVENTREADY_ALLOWED` lists folders whose workspaces are allowed (services, CI).
"""

from __future__ import annotations

import difflib
import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import Any

from eventready.core.atomic_files import write_atomic
from eventready.core.errors import RefusedError
from eventready.core.messages import message
from eventready.core.text_lines import lines_of
from eventready.core.user_files import config_folder

ENVIRONMENT = "EVENTREADY_ALLOWED"
SCHEMA = "eventready.permission/1"

#: Files that decide what is connected to, run, sent or configured.
_PATTERNS = (
    "inventory/*.yaml", "inventory/*.yml", "inventory/ssh_config", "inventory/platforms/**/*", "inventory/drills/**/*",
    "templates/*/*.j2", "templates/*/values.yaml", "templates/*/writable.yaml",
    "playbooks/**/*", "known_hosts", "ssh_config",
)  # fmt: skip
#: Files without influence on connections.
_HARMLESS = frozenset({"duties.yaml", "limits.yaml", "roster.yaml", "waivers.yaml", "capacity.yaml", "risk.yaml"})
_MAX_TEXT = 200_000
_PROGRAM = re.compile(r"exec:\S[^\n\"']*|(?<=ProxyCommand)\s[^\n]+", re.I)
_VARIABLE = re.compile(r"\benv:(\w+)")


@dataclass(frozen=True)
class FileChange:
    """Change of a file since the permission: `added`, `changed` or `removed`, with a unified diff of texts."""

    path: str
    kind: str
    diff: tuple[str, ...] = ()


def require_allowed(workspace: Path) -> None:
    """Raise RefusedError unless the person has allowed exactly this content."""
    if by_environment(workspace):
        return
    record = _record(workspace)
    command = f"eventready -w {quote(str(workspace))} allow"
    if record is None:
        raise RefusedError(message("workspace:permission.none", command=command), where=str(workspace))
    changed = sorted(change.path for change in changes(workspace))
    if changed:
        more = message("workspace:permission.more", names=changed[:5], more=len(changed) - 5)
        names = more if len(changed) > 5 else message("workspace:permission.names", names=changed)
        raise RefusedError(message("workspace:permission.changed", names=names, command=command), where=str(workspace))


def is_allowed(workspace: Path) -> bool:
    """True when connections and programs are allowed."""
    try:
        require_allowed(workspace)
    except RefusedError:
        return False
    return True


def by_environment(workspace: Path) -> bool:
    """Return True when `EVENTREADY_ALLOWED` names the folder of the workspace, or a parent folder."""
    home = workspace.resolve()
    folders = [Path(name).resolve() for name in os.environ.get(ENVIRONMENT, "").split(os.pathsep) if name]
    return any(folder == home or folder in home.parents for folder in folders)


def allow(workspace: Path) -> None:
    """Record the present content as allowed. Raises UsageError for an unwritable configuration folder."""
    files = {name: {"sha256": sha256, "text": text} for name, (sha256, text) in _content(workspace).items()}
    record = {"schema": SCHEMA, "workspace": str(workspace.resolve()), "files": files}
    data = json.dumps(record, ensure_ascii=False, indent=1).encode("utf-8", "backslashreplace")
    write_atomic(_record_file(workspace), data, private=True, what="the permission")


def changes(workspace: Path) -> list[FileChange]:
    """Files added, changed and removed since the permission; all files without a permission."""
    record = _record(workspace) or {}
    old: Mapping[str, Any] = record.get("files", {})
    new = _content(workspace)
    found = []
    for name in sorted({*old, *new}):
        before, after = old.get(name, {}), new.get(name)
        if after is None:
            found.append(FileChange(name, "removed"))
        elif before.get("sha256") != after[0]:
            diff = difflib.unified_diff(lines_of(str(before.get("text", ""))), lines_of(after[1]), lineterm="", n=1)
            found.append(FileChange(name, "changed" if before else "added", tuple(diff)[2:] if before else ()))
    return found


def programs(workspace: Path) -> list[str]:
    """Programs named by the files, with the file."""
    return [f"{match.strip()} ({name})" for name, text in _texts(workspace) for match in _PROGRAM.findall(text)]


def variables(workspace: Path) -> list[str]:
    """Environment variables named by the files."""
    return sorted({name for _file, text in _texts(workspace) for name in _VARIABLE.findall(text)})


def _texts(workspace: Path) -> Iterator[tuple[str, str]]:
    for name, (_sha256, text) in _content(workspace).items():
        lines = (line for line in lines_of(text) if not line.lstrip().startswith("#"))
        yield name, "\n".join(lines)


def _content(workspace: Path) -> dict[str, tuple[str, str]]:
    """SHA-256 and text (up to 200 kB) of the bound files by relative path."""
    found = {}
    for path in sorted({path for pattern in _PATTERNS for path in workspace.glob(pattern)}):
        if path.is_file() and not (path.parent.name == "inventory" and path.name in _HARMLESS):
            data = path.read_bytes()
            text = data[:_MAX_TEXT].decode("utf-8", "replace")
            found[path.relative_to(workspace).as_posix()] = (hashlib.sha256(data).hexdigest(), text)
    return found


def _record_file(workspace: Path) -> Path:
    name = hashlib.sha256(str(workspace.resolve()).encode("utf-8", "backslashreplace")).hexdigest()
    return config_folder() / "allowed" / f"{name}.json"


def _record(workspace: Path) -> Mapping[str, Any] | None:
    with suppress(OSError, ValueError):
        record = json.loads(_record_file(workspace).read_text(encoding="utf-8"))
        if isinstance(record, dict) and record.get("schema") == SCHEMA:
            return record
    return None
