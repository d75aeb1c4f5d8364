"""The initial file system of a Linux kernel: a cpio archive in the `newc` format of the kernel's documentation
(Documentation/driver-api/early-userspace/buffer-format.rst)."""

from __future__ import annotations

import gzip
import stat
from pathlib import PurePosixPath


class Archive:
    """Files, folders and links in order of insertion. Paths are absolute; parent folders are added."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._paths: set[str] = {"/"}

    def __contains__(self, path: str) -> bool:
        return path in self._paths

    def folder(self, path: str, mode: int = 0o755) -> None:
        """Add a folder, once."""
        if path in self._paths:
            return
        self._parent(path)
        self._add(path, stat.S_IFDIR | mode, b"")

    def file(self, path: str, content: bytes | str, mode: int = 0o644, owner: int = 0) -> None:
        """Add a file; text is encoded as UTF-8."""
        self._parent(path)
        self._add(path, stat.S_IFREG | mode, content.encode() if isinstance(content, str) else content, owner)

    def link(self, path: str, target: str) -> None:
        """Add a symbolic link."""
        self._parent(path)
        self._add(path, stat.S_IFLNK | 0o777, target.encode())

    def packed(self) -> bytes:
        """The complete archive, at a low compression level for a fast start under emulation."""
        return gzip.compress(b"".join([*self._parts, _entry("TRAILER!!!", 0, b"", 0, 0)]), 1, mtime=0)

    def _parent(self, path: str) -> None:
        parent = str(PurePosixPath(path).parent)
        if parent not in self._paths:
            self.folder(parent)

    def _add(self, path: str, mode: int, content: bytes, owner: int = 0) -> None:
        self._paths.add(path)
        self._parts.append(_entry(path.lstrip("/"), mode, content, len(self._paths), owner))


def _entry(name: str, mode: int, content: bytes, inode: int, owner: int) -> bytes:
    title = name.encode() + b"\0"
    links = 2 if stat.S_ISDIR(mode) else 1
    fields = (inode, mode, owner, owner, links, 0, len(content), 0, 0, 0, 0, len(title), 0)
    head = b"070701" + b"".join(b"%08X" % value for value in fields)
    return _padded(head + title) + _padded(content)


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % 4)
