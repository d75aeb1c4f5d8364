"""Permission of a workspace to connect and to run programs, given by the person and bound to the content.

A workspace from elsewhere names hosts, programs (`exec:`, ProxyCommand, playbooks), lines to configure and secrets to
send. It is refused until `eventready trust content`, and again when one of these files has changed. Records lie in the
person's configuration folder; `EVENTREADY_ALLOWED` lists folders whose workspaces are allowed (services, CI).
"""

from __future__ import annotations

import difflib
import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from shlex import quote

from eventready.core.allowed_content import Allowed, as_written, enforce, forget
from eventready.core.errors import RefusedError
from eventready.core.files import config_folder, write_atomic
from eventready.core.messages import Message, message
from eventready.core.redaction.redaction import redact
from eventready.core.strings.json_text import parse_json
from eventready.core.strings.texts import lines_of
from eventready.workspace.bound_files import BoundContent, BoundFile, References, bound_content, is_bound
from eventready.workspace.files.yaml_changes import changed_values

ENVIRONMENT = "EVENTREADY_ALLOWED"
SCHEMA = "eventready.permission/3"


@dataclass(frozen=True)
class FileChange:
    """Change of a file since the permission: `added`, `changed` or `removed`, with the difference.

    `diff`: a unified diff of texts; of a file of the inventory the changed values, where these are fewer lines.
    """

    path: str
    kind: str
    diff: tuple[str | Message, ...] = ()


def require_allowed(workspace: Path) -> None:
    """Raise RefusedError unless the person has allowed exactly this content; verify each later use of the content."""
    if by_environment(workspace):
        forget(workspace)
        return
    record = _record(workspace)
    if record is None:
        raise RefusedError(message("workspace:permission.none", command=_command(workspace)), where=str(workspace))
    content = bound_content(workspace, record)
    if changed := sorted(_differing(record.files, content.files)):
        raise _changed(workspace, changed)
    _enforce(workspace, content)


def _enforce(workspace: Path, content: BoundContent) -> None:
    programs = frozenset(name for name, file in content.files.items() if file.program)
    home = as_written(workspace)
    enforce(Allowed(home, _verifier(workspace, content.files), programs))


def _verifier(workspace: Path, allowed: Mapping[str, BoundFile]) -> Callable[[str, str], None]:
    """Return the verification of a reading: a permission given meanwhile counts, an unbound file is not verified."""
    files = dict(allowed)

    def verify(name: str, sha256: str) -> None:
        if name in files and files[name].sha256 == sha256:
            return
        if name in files or is_bound(name):
            record = _record(workspace)
            files.update(record.files if record else {})
            if name not in files or files[name].sha256 != sha256:
                raise _changed(workspace, [name])

    return verify


def _changed(workspace: Path, changed: Sequence[str]) -> RefusedError:
    more = message("workspace:permission.more", names=changed[:5], more=len(changed) - 5)
    names = more if len(changed) > 5 else message("workspace:permission.names", names=changed)
    what = message("workspace:permission.changed", names=names, command=_command(workspace))
    return RefusedError(what, where=str(workspace))


def _command(workspace: Path) -> str:
    return f"eventready -w {quote(str(workspace))} trust content"


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


def reviewed(workspace: Path) -> BoundContent:
    """Return the present content, for a review."""
    return bound_content(workspace, _record(workspace))


def allow(workspace: Path, content: BoundContent | None = None) -> None:
    """Record the content of a review as allowed, or the present content.

    Raises UsageError for an unwritable configuration folder, RefusedError for a file read with other content than
    reviewed.
    """
    if content is not None:
        _enforce(workspace, content)
    forget(workspace)
    content = content or bound_content(workspace)
    content = replace(content, files={name: _without_secrets(file) for name, file in content.files.items()})
    record = {"schema": SCHEMA, "workspace": str(workspace.resolve()), **asdict(content)}
    data = json.dumps(record, ensure_ascii=False, indent=1).encode("utf-8", "backslashreplace")
    write_atomic(_record_file(workspace), data, private=True, what="the permission")


def changes(workspace: Path, content: BoundContent | None = None) -> list[FileChange]:
    """Files added, changed and removed since the permission; all files without a permission."""
    record = _record(workspace)
    old: Mapping[str, BoundFile] = record.files if record else {}
    new = (content or bound_content(workspace, record)).files
    return [_change(name, old.get(name), new.get(name)) for name in sorted(_differing(old, new))]


def _differing(old: Mapping[str, BoundFile], new: Mapping[str, BoundFile]) -> set[str]:
    return {name for name in {*old, *new} if name not in old or name not in new or old[name].sha256 != new[name].sha256}


def _change(name: str, old: BoundFile | None, new: BoundFile | None) -> FileChange:
    if old is None or new is None:
        return FileChange(name, "removed" if new is None else "added")
    new = _without_secrets(new)
    diff = tuple(difflib.unified_diff(lines_of(old.text), lines_of(new.text), lineterm="", n=1))[2:]
    if not diff:
        return FileChange(name, "changed", (message("workspace:permission.beyond"),))
    if not (old.whole and new.whole):
        return FileChange(name, "changed", (*diff, message("workspace:permission.cut")))
    values = changed_values(old.text, new.text) if all(_read_by_values(name, file) for file in (old, new)) else None
    if values == ():
        return FileChange(name, "changed", (message("workspace:permission.rewritten"),))
    lines = sum(line.startswith(("-", "+")) for line in diff)
    return FileChange(name, "changed", values if values and len(values) < lines else diff)


def _read_by_values(name: str, file: BoundFile) -> bool:
    """Return True for a text of the inventory; Ansible reads its files by other rules (YAML 1.1)."""
    return name.startswith("inventory/") and name.endswith((".yaml", ".yml")) and not file.program


def _without_secrets(file: BoundFile) -> BoundFile:
    """Return a file with its text as shown by a review."""
    return replace(file, text=redact(file.text))


def _record_file(workspace: Path) -> Path:
    name = hashlib.sha256(str(workspace.resolve()).encode("utf-8", "backslashreplace")).hexdigest()
    return config_folder() / "allowed" / f"{name}.json"


def _record(workspace: Path) -> BoundContent | None:
    """Return the allowed content; None without a record or with a damaged record."""
    with suppress(OSError, ValueError, LookupError, TypeError, AttributeError):
        record = parse_json(_record_file(workspace).read_bytes())
        if record["schema"] == SCHEMA:
            files = {name: BoundFile(**file) for name, file in record["files"].items()}
            found = record["references"]
            programs = tuple((command, file) for command, file in found["programs"])
            return BoundContent(files, References(programs, tuple(found["variables"]), tuple(found["paths"])))
    return None
