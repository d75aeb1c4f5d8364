"""Atomic file writes with owner-only permissions; bounded reads."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from eventready.core.errors import RefusedError, UsageError, os_reason
from eventready.core.messages import Message, message

#: Opens a named pipe without waiting for its writer, where the system has this flag.
_NO_WAIT = getattr(os, "O_NONBLOCK", 0)


def write_atomic(
    path: Path, data: bytes | Iterable[bytes], *, private: bool = False, what: str = "the file", do: str | Message = ""
) -> None:
    """Write `data` to `path` atomically: a crash leaves the old or the new file. Raises UsageError.

    Only the owner may read the file: evidence, reports, plans and lists name people and networks. `private` keeps a new
    folder to the owner too. `what` and `do` are the subject and the remedy of the error message.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700 if private else 0o777)
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            file.writelines((data,) if isinstance(data, bytes) else data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise UsageError(
            message("core:unwritable", what=what, reason=os_reason(error)), where=str(path), do=do
        ) from None


def create_atomic(path: Path, data: bytes) -> bool:
    """Create `path` with `data` for its owner only; False for an existing file, also in a race. Raises UsageError."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}.part")
    write_atomic(draft, data, private=True)
    try:
        os.link(draft, path)
    except FileExistsError:
        return False
    except OSError as error:
        raise UsageError(message("core:file_unwritable", reason=os_reason(error)), where=str(path)) from None
    finally:
        draft.unlink(missing_ok=True)
    return True


def read_private(path: Path, most: int, what: str) -> bytes:
    """Read a file of at most `most` bytes. Raises UsageError, and RefusedError for a file readable by others."""
    data = read_bounded(path, most, what)
    if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise RefusedError(message("core:readable_by_others", what=what, path=str(path)), where=str(path))
    return data


def read_bounded(path: Path, most: int, what: str) -> bytes:
    """Read at most `most` bytes of a regular file. Raises UsageError for a larger, special or unreadable file."""
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | _NO_WAIT), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise UsageError(message("core:not_regular", what=what), where=str(path))
            data = file.read(most + 1)
    except OSError as error:
        raise UsageError(message("core:unreadable", what=what, reason=os_reason(error)), where=str(path)) from None
    if len(data) > most:
        raise UsageError(message("core:too_large", what=what, megabytes=most / 1e6), where=str(path))
    return data
