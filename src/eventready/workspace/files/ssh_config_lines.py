"""Lines of an OpenSSH client configuration with its included files, and their settings as paramiko splits them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from eventready.core.allowed_content import verified
from eventready.core.errors import WorkspaceError, os_reason
from eventready.core.messages import message
from eventready.core.strings.texts import lines_of

_MAX_BYTES, _MAX_INCLUDES, _MAX_FILES = 1_000_000, 16, 256
_KEYWORD = re.compile(r"^\s*(?P<word>\w+)(?:\s*=\s*|\s+)(?P<value>\S.*?)\s*$")


def setting(line: str) -> tuple[str, str]:
    """Return the keyword of a line, in lower case, and its value; both empty for a comment."""
    found = _KEYWORD.match(line)
    return (found["word"].lower(), found["value"]) if found else ("", "")


def config_lines(path: Path) -> Iterator[tuple[Path, str]]:
    """Yield each line with its file, included files in place. Raises WorkspaceError.

    After an included file the current section continues.
    """
    yield from _lines(path, 0, [])


def _lines(path: Path, depth: int, read: list[Path]) -> Iterator[tuple[Path, str]]:
    read.append(path)
    if depth > _MAX_INCLUDES or len(read) > _MAX_FILES:
        raise WorkspaceError(message("session:ssh_config.include_depth"), where=str(path))
    section = "Host *"
    for number, line in enumerate(lines_of(_text(path)), 1):
        word, value = setting(line)
        if word in ("host", "match"):
            section = line
        if word != "include":
            yield path, line
            continue
        if section.split()[1:] != ["*"]:
            raise WorkspaceError(message("session:ssh_config.include_inside"), where=f"{path}:{number}")
        try:
            included = tuple(_included(value, path.parent))
        except (ValueError, RuntimeError, OSError, NotImplementedError) as error:
            raise WorkspaceError(
                message("session:ssh_config.invalid", reason=str(error)), where=f"{path}:{number}"
            ) from None
        for one in included:
            yield from _lines(one, depth + 1, read)
        yield path, section


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise WorkspaceError(
            message("session:ssh_config.unreadable", reason=os_reason(error)), where=str(path)
        ) from None
    if len(data) > _MAX_BYTES:
        raise WorkspaceError(message("session:ssh_config.too_large", limit=_MAX_BYTES // 1_000_000), where=str(path))
    if b"\0" in data:
        raise WorkspaceError(message("session:ssh_config.binary"), where=str(path))
    return verified(path, data).decode(errors="replace")


def _included(value: str, folder: Path) -> Iterator[Path]:
    for pattern in value.split():
        path = Path(pattern.strip('"')).expanduser()
        path = path if path.is_absolute() else folder / path
        yield from sorted(found for found in path.parent.glob(path.name) if found.is_file())
