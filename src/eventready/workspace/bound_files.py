"""Files of a workspace behind connections, programs, sendings and configurations, found by following references."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eventready.core.allowed_content import (
    MAX_BYTES,
    WORD,
    as_written,
    latest,
    name_of,
    reviewing,
    words_of,
)
from eventready.core.errors import RefusedError, WorkspaceError, os_reason
from eventready.core.files import require_confined
from eventready.core.messages import message
from eventready.workspace.files.ssh_config_lines import config_lines, setting
from eventready.workspace.files.yaml_document import load_yaml
from eventready.workspace.keys.secrets import is_reference

#: Settings of ssh_config whose values are programs or libraries, for OpenSSH or for this program.
_RUN = frozenset(
    ("proxycommand", "localcommand", "remotecommand", "knownhostscommand", "xauthlocation", "pkcs11provider",
     "securitykeyprovider")
)  # fmt: skip
_LONGEST_PATH = 1_024
#: A letter beside a slash or a dot: no address.
_PATH = re.compile(r"[g-zG-Z].*[/.]|[/.].*[g-zG-Z]")


@dataclass(frozen=True)
class References:
    """Commands with the naming file, environment variables, and further possible names of files."""

    programs: tuple[tuple[str, str], ...] = ()
    variables: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()

    @property
    def commands(self) -> tuple[str, ...]:
        """Commands without their `exec:`."""
        return tuple(command.removeprefix("exec:") for command, _file in self.programs)


def references(home: Path, files: Iterable[Path]) -> References:
    """Return the references in the YAML files of an inventory, and in ssh_config."""
    programs: dict[tuple[str, str], None] = {}
    variables: set[str] = set()
    paths: set[str] = set()
    for path in (path for path in files if path.suffix in (".yaml", ".yml")):
        name = path.relative_to(home).as_posix()
        for key, value in _values(path):
            if key == "proxy_command" or (is_reference(value) and value.startswith("exec:")):
                programs[value, name] = None
            elif is_reference(value):
                variables |= {value.removeprefix("env:")} if value.startswith("env:") else set()
            elif len(value) <= _LONGEST_PATH and _PATH.search(value):
                paths.add(value)
    for path, line in ssh_config(home):
        word, value = setting(line)
        if word in _RUN and value.lower() != "none":
            programs[value.strip('"'), path.as_posix()] = None
    return References(tuple(programs), tuple(sorted(variables)), tuple(sorted(paths)))


def ssh_config(home: Path) -> list[tuple[Path, str]]:
    """Return the lines of the workspace's ssh_config, each with its file; none without the file."""
    path = home / "ssh_config"
    return [*config_lines(path)] if path.is_file() else []


def _values(path: Path) -> Iterator[tuple[str, str]]:
    """Yield each text of a YAML file with its key; nothing for an invalid file, which no command reads either."""
    try:
        waiting: list[tuple[str, Any]] = [("", load_yaml(path, may_be_empty=True).data)]
    except WorkspaceError:
        return
    seen: set[int] = set()
    while waiting:
        key, value = waiting.pop()
        if isinstance(value, str):
            yield key, value
        elif isinstance(value, dict | list) and id(value) not in seen:  # aliases share their values
            seen.add(id(value))
            waiting += (
                [(str(one), inner) for one, inner in value.items()]
                if isinstance(value, dict)
                else [(key, inner) for inner in value]
            )


#: Files of the inventory without influence on connections.
_HARMLESS = frozenset({"duties.yaml", "limits.yaml", "roster.yaml", "waivers.yaml", "capacity.yaml", "risk.yaml",
                       "circuits.yaml"})  # fmt: skip
#: Programs of a workspace, whose words are followed.
_PROGRAMS = ("playbooks", "ansible.cfg")
#: Folders in which commands write all the time: not bound as a whole.
_WRITTEN = frozenset({".", ".eventready", "reports", ".git"})
#: Programs that print a file and run nothing: what they read may be a secret, which changes.
_READERS = frozenset({"cat", "head", "tail", "cut", "base64"})
#: Beginnings of machine code and archives, whose words are no references.
_BINARY = (b"\x7fELF", b"PK\x03\x04", b"MZ", b"\xcf\xfa\xed\xfe")
_SCRIPTS = frozenset({".sh", ".py", ".pl", ".rb", ".js", ".yml", ".yaml", ".j2", ".cfg"})
#: Installed programs, which the package manager of the machine replaces.
_INSTALLED = ("/usr/", "/bin/", "/sbin/", "/lib", "/opt/", "/proc/", "/sys/")
_IMPORT = re.compile(r"^\s*(?:import|from)\s+([\w.]+)", re.MULTILINE)
#: Bounds: files, bytes of all, bytes of a text kept for differences, and of a script.
_MOST_FILES, _MOST_BYTES, _MOST_TEXT, _MOST_SCRIPT = 20_000, 256_000_000, 200_000, 16_000_000
_CHUNK = 1 << 20


@dataclass(frozen=True)
class BoundFile:
    """SHA-256 and beginning of a file. `program`: the file runs, or steers a program.

    `whole`: the text is not only the beginning; a record has it without its secrets.
    """

    sha256: str
    text: str = field(default="", compare=False)
    program: bool = False
    whole: bool = field(default=True, compare=False)


@dataclass(frozen=True)
class BoundContent:
    """Bound files by name, and their references."""

    files: dict[str, BoundFile]
    references: References


def bound_content(home: Path, known: BoundContent | None = None) -> BoundContent:
    """Return the bound files of a workspace. Raises RefusedError beyond the bounds, and for links to the outside.

    `known` is earlier content, whose references hold while the files that have them are the same.
    """
    with reviewing():
        return _Content(as_written(home)).content(known)


def is_bound(name: str) -> bool:
    """Return True for a file bound by its place: a new file there needs a review."""
    top, _, rest = name.partition("/")
    inside = rest.split("/")
    listed = len(inside) == 1 and inside[0] not in _HARMLESS and inside[0].endswith((".yaml", ".yml"))
    return top in ("templates", "playbooks", "known_hosts", "ssh_config", "ansible.cfg") or (
        top == "inventory" and (listed or inside[0] in ("platforms", "drills"))
    )


class _Content:
    def __init__(self, home: Path) -> None:
        self._home = home
        self._files: dict[str, BoundFile] = {}
        self._bytes = 0

    def content(self, known: BoundContent | None) -> BoundContent:
        inventory = [path for path in self._inventory() if self._add(path) is not None]
        for name in ("known_hosts", "ssh_config"):
            self._add(self._home / name)
        for path in {file for file, _line in ssh_config(self._home)}:
            self._add(path)
        same = known is not None and self._files == {name: known.files.get(name) for name in self._files}
        found = known.references if known is not None and same else self._references(inventory)
        for path in self._walk("templates"):
            self._add(path)
        for word in found.paths:
            if (one := self._named(self._home, word)) is not None and one.is_file():
                self._add(one, keep_text=False)
        self._follow(found.commands)
        return BoundContent(dict(sorted(self._files.items())), found)

    def _references(self, inventory: Sequence[Path]) -> References:
        """Return the references of the files as hashed. Raises RefusedError for a file changed meanwhile."""
        found = references(self._home, inventory)
        for name, file in self._files.items():
            if latest(self._home / name) not in ("", file.sha256):
                raise RefusedError(message("workspace:permission.unsteady"), where=str(self._home / name))
        return found

    def _inventory(self) -> Iterator[Path]:
        """Yield the YAML files of the inventory, and all files of its platforms and drills."""
        for path in sorted((self._home / "inventory").glob("*")):
            if path.suffix in (".yaml", ".yml") and path.name not in _HARMLESS:
                yield path
        for folder in ("inventory/platforms", "inventory/drills"):
            yield from self._walk(folder)

    def _walk(self, name: str) -> Iterator[Path]:
        """Yield the files of a folder, through links inside the workspace; or the file itself."""
        top = self._home / name
        require_confined(self._home, [name])
        seen = set()
        for folder, folders, files in os.walk(top, followlinks=True):
            real = os.path.realpath(folder)
            folders[:] = [] if real in seen else sorted(one for one in folders if one != "__pycache__")
            if real not in seen:
                yield from (Path(folder) / one for one in sorted(files) if one not in _HARMLESS)
            seen.add(real)
        if top.is_file():
            yield top

    def _follow(self, commands: Iterable[str]) -> None:
        """Add the files of programs: those of the folders of programs, of commands, and those named by them in turn."""
        waiting = [path for name in _PROGRAMS for path in self._walk(name)]
        run = [command for command in commands if (command.split() or [""])[0].rpartition("/")[2] not in _READERS]
        waiting += self._found(self._home, words_of(run), outside=True)
        while waiting:
            path = waiting.pop()
            known = self._files.get(name_of(self._home, path))
            if (known is None or not known.program) and (text := self._add(path, program=True)):
                for base in {path.parent, self._home, self._home / "playbooks"}:
                    waiting += self._found(base, _words(path, text))

    def _found(self, base: Path, words: Iterable[str], *, outside: bool = False) -> Iterator[Path]:
        """Yield the files named by words: of a folder all, of a pattern each match.

        `outside`: words of a command, which may name files outside of the workspace, and patterns without a folder.
        """
        for word in words:
            matches = self._matches(base, word) if outside or "/" in word else ()
            for one in {word, word.lstrip("/"), *([] if "." in word else [f"{word}.py"]), *matches}:
                path = self._named(base, one, outside=outside)
                if path is not None:
                    yield from self._walk(name_of(self._home, path)) if path.is_dir() else (path,)

    def _matches(self, base: Path, word: str) -> Iterator[str]:
        if re.search(r"[*?\[]", word) and not word.startswith("/") and ".." not in word:
            yield from (str(path) for path in base.glob(word.replace("**", "*")))

    def _named(self, base: Path, word: str, *, outside: bool = False) -> Path | None:
        """Return the file or folder named by a word; None for another word, and for an unbound place."""
        if len(word) > 1_024 or "\0" in word:
            return None
        place = os.path.normpath(os.path.join(base, word))  # noqa: PTH118  of 20,000 devices, each with its words
        if not os.path.exists(place):  # noqa: PTH110  as above
            return None
        path = Path(place)
        name = name_of(self._home, path)
        try:
            if name.startswith("/"):
                bound = outside and path.is_file() and not name.startswith(_INSTALLED)
            else:
                bound = path.is_file() or (path.is_dir() and name not in _WRITTEN)
        except OSError:
            return None
        return path if bound else None

    def _add(self, path: Path, *, keep_text: bool = True, program: bool = False) -> str | None:
        """Bind a file; return its text, None without a regular file."""
        name = name_of(self._home, path)
        data = _hashed(path, program=program)
        if data is None:
            return None
        digest, begin, size = data
        self._bytes += size
        if len(self._files) >= _MOST_FILES or self._bytes > _MOST_BYTES:
            raise RefusedError(
                message("workspace:permission.too_much", files=_MOST_FILES, megabytes=_MOST_BYTES // 1_000_000),
                where=str(self._home),
            )
        text = "" if begin.startswith(_BINARY) else begin.decode("utf-8", "replace")
        shown = keep_text and (not program or text.startswith("#!") or path.suffix in _SCRIPTS)
        kept = text[:_MOST_TEXT] if shown else ""
        whole = hashlib.sha256(kept.encode()).hexdigest() == digest
        self._files[name] = BoundFile(digest, kept, program, whole)
        return text


def _words(path: Path, text: str) -> set[str]:
    """Possible names of files in a script: all words of ansible.cfg, and the modules imported by Python."""
    modules = _IMPORT.findall(text) if path.suffix == ".py" else ()
    every = path.name == "ansible.cfg"
    named = {word for word in WORD.findall(text) if every or "/" in word or "." in word}
    return named | {one.replace(".", "/") for one in modules}


def _hashed(path: Path, *, program: bool) -> tuple[str, bytes, int] | None:
    """Return hash, text and size of a regular file: of a program the whole text, of another file the beginning.

    Raises RefusedError for an unreadable or huge file.
    """
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                return None
            begin = file.read(_MOST_TEXT)
            most = _MOST_SCRIPT if program and not begin.startswith(_BINARY) else MAX_BYTES
            if status.st_size > most:
                raise RefusedError(
                    message("workspace:permission.too_large", megabytes=most // 1_000_000), where=str(path)
                )
            digest, rest, size = hashlib.sha256(begin), [begin], len(begin)
            while size <= most and (chunk := file.read(_CHUNK)):
                digest.update(chunk)
                size += len(chunk)
                rest += [chunk] if most == _MOST_SCRIPT else []
    except FileNotFoundError:
        return None
    except OSError as error:
        raise RefusedError(
            message("workspace:permission.unreadable", reason=os_reason(error)), where=str(path)
        ) from None
    return digest.hexdigest(), b"".join(rest), size
