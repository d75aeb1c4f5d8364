"""Writing a file whole or not at all, readable by its owner only where it holds what others should not read."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from eventready.errors import UsageError


def write_whole(
    path: Path,
    data: bytes,
    *,
    private: bool = False,
    what: str = "the file",
    do: str = "Check that you may write there and that the disk has room.",
) -> None:
    """Put `data` there; after a crash the old file stands, or the new one. Raises UsageError."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700 if private else 0o777)
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600 if private else 0o666), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise UsageError(f"{what} cannot be written: {error.strerror or error}", where=str(path), do=do) from None


def read_small(path: Path, most: int, what: str) -> bytes:
    """The file's bytes, when they are no more than `most`. Raises UsageError."""
    try:
        with path.open("rb") as file:
            data = file.read(most + 1)
    except OSError as error:
        raise UsageError(f"the {what} cannot be read: {error.strerror or error}", where=str(path)) from None
    if len(data) > most:
        raise UsageError(f"the {what} has more than {most / 1e6:g} MB", where=str(path), do="Give a smaller one.")
    return data
