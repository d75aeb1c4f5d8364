"""Stamp of a file, by which a change is noticed."""

from __future__ import annotations

from pathlib import Path


def stamp_of(path: Path) -> tuple[int, int, int] | None:
    """Return time, size and inode of a file; None without the file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
