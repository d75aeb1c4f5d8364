"""Verification of an allowed workspace on use: the reviewed content is read and run, whatever the files hold later.

Readers of a workspace's files pass the bytes that they have read to `verified`; programs run on copies (`sealed`).
Nothing is verified of a workspace that is allowed by the environment, or whose permission was not required.
"""

from __future__ import annotations

import hashlib
import os
import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock

from eventready.core.errors import RefusedError
from eventready.core.files import private_folder, read_bounded
from eventready.core.messages import message

#: Largest file of a program.
MAX_BYTES = 64_000_000
#: Word of a command or a script, as far as a shell may take it for a name of a file.
WORD = re.compile(r"[^\s'\"|;&<>()$`={},:\[\]@#\\]+")


@dataclass(frozen=True)
class Allowed:
    """An allowed workspace. `verify` raises RefusedError for the name of a file and a SHA-256 other than allowed.

    `programs` are the names of the files that run, or steer what runs: relative to `home`, or absolute outside.
    """

    home: Path
    verify: Callable[[str, str], None]
    programs: frozenset[str]

    def program(self, word: str) -> str:
        """Return the program file named by a word of a command; empty for other words."""
        name = name_of(self.home, self.home / word) if word else ""
        return name if name in self.programs else ""


_allowed: dict[Path, Allowed] = {}
#: Hash of each file read before the permission was required; empty after two readings of different content.
_early: dict[Path, str] = {}
#: Hash of the latest reading of each file.
_latest: dict[Path, str] = {}
_lock = Lock()
_reviewing: ContextVar[bool] = ContextVar("_reviewing", default=False)


def as_written(path: Path) -> Path:
    """Return the absolute path; links stay, since the names of bound files are as written."""
    return Path(os.path.abspath(path))  # noqa: PTH100  `resolve` follows links, `absolute` keeps `..`


def enforce(allowed: Allowed) -> None:
    """Verify all earlier and later readings of a workspace. Raises RefusedError."""
    with _lock:
        early = [(path, _early.pop(path)) for path in [*_early] if _inside(allowed.home, path)]
    for path, digest in early:
        allowed.verify(name_of(allowed.home, path), digest)
    _allowed[allowed.home] = allowed


def forget(home: Path) -> None:
    """Forget a workspace and its earlier readings."""
    home = as_written(home)
    _allowed.pop(home, None)
    with _lock:
        for path in [path for path in _early if _inside(home, path)]:
            del _early[path]


def verified(path: Path, data: bytes) -> bytes:
    """Return the content of a file as read. Raises RefusedError for other content than was allowed."""
    file, digest = as_written(path), hashlib.sha256(data).hexdigest()
    _latest[file] = digest
    if _reviewing.get():
        return data
    for allowed in [*_allowed.values()]:
        allowed.verify(name_of(allowed.home, file), digest)
    if not any(_inside(home, file) for home in [*_allowed]):
        with _lock:
            _early[file] = digest if _early.get(file, digest) == digest else ""
    return data


@contextmanager
def reviewing() -> Iterator[None]:
    """Read the files of a workspace for a review: nothing is verified in the block, and earlier readings are past."""
    token = _reviewing.set(True)
    _latest.clear()
    try:
        yield
    finally:
        _reviewing.reset(token)


def latest(path: Path) -> str:
    """Return the hash of the latest reading of a file; empty for an unread file."""
    return _latest.get(as_written(path), "")


def name_of(home: Path, path: Path) -> str:
    """Return the name of a file: relative to the workspace, or absolute outside."""
    file = as_written(path).as_posix()
    for folder in (home.as_posix(), _real(home)):
        if file.startswith(f"{folder}/"):
            return file[len(folder) + 1 :]
    return file


@lru_cache(maxsize=64)
def _real(home: Path) -> str:
    return home.resolve().as_posix()


def _inside(home: Path, path: Path) -> bool:
    return not name_of(home, path).startswith("/")


@contextmanager
def sealed(home: Path) -> Iterator[Path]:
    """Yield a private folder with the program files of a workspace as allowed.

    The folder is the workspace itself where nothing is verified. Raises RefusedError for a changed file.
    """
    allowed = _allowed.get(as_written(home))
    if allowed is None or not allowed.programs:
        yield home
        return
    with private_folder("programs") as folder:
        for name in allowed.programs:
            path = allowed.home / name
            data = read_bounded(path, MAX_BYTES, "program")
            allowed.verify(name, hashlib.sha256(data).hexdigest())
            if not Path(name).is_absolute():
                copy = folder / name
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes(data)
                copy.chmod(path.stat().st_mode & 0o700)
        yield folder


@contextmanager
def sealed_command(command: Sequence[str], home: Path, *, line: bool = False) -> Iterator[list[str]]:
    """Yield the arguments of a command with the files of its programs as allowed (`sealed`).

    `line`: each argument is a line for a shell. Raises RefusedError for a changed file and for a name hidden by quotes.
    """
    allowed = _allowed.get(as_written(home))
    if allowed is None or not any(map(allowed.program, words_of(command))):
        yield [*command]
        return
    with sealed(home) as folder:

        def copied(word: str) -> str:
            name = allowed.program(word)
            return word if not name or Path(name).is_absolute() else str(folder / name)

        made = [copied(one) if not line else one for one in command]
        made = [WORD.sub(lambda match: copied(match[0]), one) for one in made]
        if hidden := [word for word in words_of(made) if copied(word) != word]:
            raise RefusedError(message("core:hidden_program", word=hidden[0]), where=str(home))
        yield made


def words_of(command: Sequence[str]) -> frozenset[str]:
    """Possible names of files in a command: words as split by a shell, and pieces between special characters."""
    found: set[str] = set(command)
    for argument in command:
        try:
            found.update(shlex.split(argument))
        except ValueError:
            continue  # a shell refuses it too
    return frozenset({*found, *(word for one in found for word in WORD.findall(one))})
