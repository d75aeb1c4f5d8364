"""An initial file system for a Linux kernel: a cpio archive of the `newc` kind, as the kernel's documentation has it
(Documentation/driver-api/early-userspace/buffer-format.rst)."""

from __future__ import annotations

import gzip
import stat
from pathlib import PurePosixPath


class Archive:
    """Files, folders and links, in the order they are put in. Paths are absolute; parents come by themselves."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._known: set[str] = {"/"}

    def __contains__(self, path: str) -> bool:
        return path in self._known

    def folder(self, path: str, mode: int = 0o755) -> None:
        """A folder, once."""
        if path in self._known:
            return
        self._parent(path)
        self._add(path, stat.S_IFDIR | mode, b"")

    def file(self, path: str, content: bytes | str, mode: int = 0o644, owner: int = 0) -> None:
        """A file; a text is written in UTF-8."""
        self._parent(path)
        self._add(path, stat.S_IFREG | mode, content.encode() if isinstance(content, str) else content, owner)

    def link(self, path: str, target: str) -> None:
        """A symbolic link."""
        self._parent(path)
        self._add(path, stat.S_IFLNK | 0o777, target.encode())

    def packed(self) -> bytes:
        """The archive, closed and compressed a little: the machine unpacks it under emulation."""
        return gzip.compress(b"".join([*self._parts, _entry("TRAILER!!!", 0, b"", 0, 0)]), 1, mtime=0)

    def _parent(self, path: str) -> None:
        parent = str(PurePosixPath(path).parent)
        if parent not in self._known:
            self.folder(parent)

    def _add(self, path: str, mode: int, content: bytes, owner: int = 0) -> None:
        self._known.add(path)
        self._parts.append(_entry(path.lstrip("/"), mode, content, len(self._known), owner))


def _entry(name: str, mode: int, content: bytes, inode: int, owner: int) -> bytes:
    title = name.encode() + b"\0"
    links = 2 if stat.S_ISDIR(mode) else 1
    fields = (inode, mode, owner, owner, links, 0, len(content), 0, 0, 0, 0, len(title), 0)
    head = b"070701" + b"".join(b"%08X" % value for value in fields)
    return _padded(head + title) + _padded(content)


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % 4)
