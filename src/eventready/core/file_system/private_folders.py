"""Private temporary folders, named by kind and process; those of killed processes go at the next start."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory, gettempdir

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
