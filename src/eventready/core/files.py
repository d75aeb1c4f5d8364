"""Files: atomic writes for the owner alone, bounded reads, private temporary folders, no links to the outside."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory, gettempdir

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


def stamp_of(path: Path) -> tuple[int, int, int] | None:
    """Return time, size and inode of a file; None without the file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def config_folder() -> Path:
    """Folder of the person's configuration: `$XDG_CONFIG_HOME/eventready`, default `~/.config/eventready`."""
    base = os.environ.get("XDG_CONFIG_HOME")
    return Path(base) / "eventready" if base else Path.home() / ".config" / "eventready"


def require_confined(root: Path, names: Iterable[str]) -> None:
    """Check files and folders of `root`, recursively. Raises RefusedError for a link to an outside place."""
    home = root.resolve()
    for link in (found for name in names for found in _links(root / name)):
        target = link.resolve()
        if target != home and home not in target.parents:
            raise RefusedError(message("core:link_outside", target=str(target)), where=str(link))


def _links(path: Path) -> Iterator[Path]:
    if path.is_symlink():
        yield path
        return
    for folder, folders, files in os.walk(path, followlinks=False):
        yield from (found for name in (*folders, *files) if (found := Path(folder) / name).is_symlink())


_PREFIX = "eventready"
_KINDS = ("ansible", "programs")
#: Place for folders where the usual one is too long: the path of a socket has at most 107 bytes.
_SHORT, _LONGEST = "/tmp", 60  # noqa: S108  the folders are private


@contextmanager
def private_folder(kind: str) -> Iterator[Path]:
    """Folder until the end of the block; folders of dead processes are removed before."""
    sweep()
    place = _SHORT if len(gettempdir()) > _LONGEST else None
    prefix = f"{_PREFIX}-{kind}-{os.getpid()}-"
    with TemporaryDirectory(prefix=prefix, dir=place, ignore_cleanup_errors=True) as path:
        yield Path(path)


def sweep() -> None:
    """Remove the folders of dead processes."""
    for place in {gettempdir(), _SHORT}:
        for kind in _KINDS:
            for folder in Path(place).glob(f"{_PREFIX}-{kind}-*-*"):
                pid = folder.name.split("-")[2]
                with suppress(OSError):
                    if pid.isdigit() and folder.lstat().st_uid == os.geteuid() and not _runs(int(pid)):
                        rmtree(folder)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
