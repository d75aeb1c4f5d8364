"""Strict host keys in a `known_hosts` file in OpenSSH's format.

A device with an unrecorded or changed key is refused. The file is parsed once per process and version.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from threading import Lock

import paramiko

from eventready.core.allowed_content import verified
from eventready.core.errors import WorkspaceError, os_reason
from eventready.core.files import write_atomic
from eventready.core.messages import Message, message
from eventready.core.strings.texts import lines_of
from eventready.session.reply import HostKeyMismatch

SSH_PORT = 22


@dataclass(frozen=True)
class HostKey:
    """A public key: its algorithm and its blob (RFC 4253)."""

    algorithm: str
    blob: bytes = field(repr=False)

    @property
    def fingerprint(self) -> str:
        """`SHA256:...` as printed by ssh-keygen."""
        digest = base64.b64encode(hashlib.sha256(self.blob).digest()).decode().rstrip("=")
        return f"SHA256:{digest}"

    def __str__(self) -> str:
        return f"{self.algorithm} {self.fingerprint}"

    @property
    def text(self) -> str:
        """Algorithm and key as they stand in a known_hosts file."""
        return f"{self.algorithm} {base64.b64encode(self.blob).decode()}"

    def public(self) -> paramiko.PKey:
        """Return paramiko's key. Raises paramiko.SSHException for an unknown algorithm."""
        return paramiko.PKey.from_type_string(self.algorithm, self.blob)

    @classmethod
    def of(cls, key: paramiko.PKey) -> HostKey:
        """Convert paramiko's key."""
        return cls(key.get_name(), key.asbytes())


def host_name(host: str, port: int | None) -> str:
    """Return the name of an address in a known_hosts file: `host`, or `[host]:port` off port 22."""
    return host if port in (None, SSH_PORT) else f"[{host}]:{port}"


@dataclass(frozen=True)
class SpecialLine:
    """Key of names with wildcards, of negated names, or of hashed names (`|1|salt|hash`)."""

    patterns: tuple[str, ...]
    key: HostKey

    def matches(self, name: str) -> bool:
        """Return True for a name matching a pattern and no negated pattern."""
        found = [pattern for pattern in self.patterns if _matches(pattern.removeprefix("!"), name)]
        return bool(found) and not any(pattern.startswith("!") for pattern in found)


def _matches(pattern: str, name: str) -> bool:
    """Match as OpenSSH does: `*` and `?` only. Raises ValueError for an invalid hashed name."""
    if pattern.startswith("|"):
        _, kind, salt, digest = pattern.split("|")
        return kind == "1" and hmac.digest(base64.b64decode(salt), name.encode(), "sha1") == base64.b64decode(digest)
    return fnmatchcase(name, pattern.lower().replace("[", "[[]"))


@dataclass(frozen=True)
class KnownHosts:
    """The recorded keys by name, and by lines of other forms; `authorities` sign the keys of hosts.

    `revoked` keys are never accepted. Names are compared without case.
    """

    path: Path
    names: Mapping[str, tuple[HostKey, ...]] = field(default_factory=dict)
    lines: tuple[SpecialLine, ...] = ()
    authorities: tuple[SpecialLine, ...] = ()
    revoked: frozenset[bytes] = frozenset()

    def lookup(self, name: str) -> tuple[HostKey, ...]:
        """Return the recorded keys of a name in known_hosts notation, without revoked ones."""
        name = name.lower()
        found = (*self.names.get(name, ()), *(line.key for line in self.lines if line.matches(name)))
        return tuple(key for key in found if key.blob not in self.revoked)

    def accepts(self, name: str, key: HostKey) -> bool:
        """Return True for a recorded key, of the name or of its host without the port, as OpenSSH does."""
        return key in self.lookup(name) or key in self.lookup(without_port(name))

    def knows(self, name: str) -> bool:
        """Return True for a name with a recorded key or authority."""
        return bool(self.lookup(name) or self.lookup(without_port(name)) or self.signers(name))

    def signers(self, name: str) -> tuple[HostKey, ...]:
        """Return the authorities of a name, with or without its port."""
        names = {name.lower(), without_port(name).lower()}
        found = (line.key for line in self.authorities if any(map(line.matches, names)))
        return tuple(key for key in found if key.blob not in self.revoked)

    @classmethod
    def parse(cls, text: str, path: Path) -> KnownHosts:
        """Parse a known_hosts text. Raises WorkspaceError with file and line for an invalid line."""
        names: dict[str, tuple[HostKey, ...]] = {}
        lines: dict[str, list[SpecialLine]] = {"": [], "@cert-authority": [], "@revoked": []}
        for number, line in enumerate(lines_of(text), 1):
            words = line.split()
            if not words or words[0].startswith("#"):
                continue
            marker = words.pop(0) if words[0].startswith("@") else ""
            try:
                hosts, key = tuple(words[0].split(",")), HostKey(words[1], base64.b64decode(words[2], validate=True))
                special = SpecialLine(hosts, key)
                if marker or any(set("*?!|") & set(host) for host in hosts):
                    special.matches("")
                    lines[marker].append(special)
                    continue
            except (LookupError, ValueError, binascii.Error):
                raise WorkspaceError(message("session:known_hosts.line"), where=f"{path}:{number}") from None
            for host in map(str.lower, hosts):
                names[host] = (*names.get(host, ()), key)
        revoked = frozenset(line.key.blob for line in lines["@revoked"])
        return cls(path, names, tuple(lines[""]), tuple(lines["@cert-authority"]), revoked)


def without_port(name: str) -> str:
    """Return the host of a name in known_hosts notation."""
    return name[1:].rpartition("]:")[0] if name.startswith("[") else name


_cache: dict[Path, tuple[tuple[int, int, int], KnownHosts]] = {}
_lock = Lock()


def known_hosts(path: Path) -> KnownHosts:
    """Return the file's keys, parsed once per process and version; none if absent. Raises WorkspaceError."""
    with _lock, _reading(path):
        try:
            status = path.stat()
        except FileNotFoundError:
            return KnownHosts(path)
        version = (status.st_mtime_ns, status.st_size, status.st_ino)
        cached = _cache.get(path)
        if cached and cached[0] == version:
            return cached[1]
        text = verified(path, path.read_bytes()).decode(errors="replace")
        _cache[path] = (version, KnownHosts.parse(text, path))
        return _cache[path][1]


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Raise WorkspaceError for a failed system call of the block."""
    try:
        yield
    except OSError as error:
        raise WorkspaceError(
            message("session:known_hosts.unreadable", reason=os_reason(error)), where=str(path)
        ) from None


def record(path: Path, names: Mapping[str, HostKey]) -> None:
    """Record keys by their name in known_hosts notation, in place of recorded keys of these names.

    The file is replaced atomically. Raises WorkspaceError for an unreadable file, UsageError for an unwritable one.
    """
    with _lock:
        with _reading(path):
            old = lines_of(path.read_text(encoding="utf-8", errors="replace")) if path.exists() else []
        lines = [kept for line in old if (kept := _without(line, names.keys())) is not None]
        lines += [f"{name} {key.text}" for name, key in names.items()]
        text = "".join(f"{line}\n" for line in lines)
        write_atomic(path, text.encode(), what="the host keys", do=message("session:known_hosts.writable"))


def _without(line: str, names: Collection[str]) -> str | None:
    """Return the line without the hosts in `names`; None when no host remains."""
    words = line.split(maxsplit=1)
    if len(words) < 2 or words[0].startswith(("#", "@", "|")):
        return line
    hosts = [host for host in words[0].split(",") if host not in names]
    return f"{','.join(hosts)} {words[1]}" if hosts else None


def unknown_key(name: str, hostname: str, shown: HostKey, path: Path) -> HostKeyMismatch:
    """Return the error for a device without a recorded key."""
    params = {"name": name, "host": hostname, "key": str(shown), "option": f" -l {name}"}
    return HostKeyMismatch(message("session:unknown_key", **params), where=str(path))


def changed_key(name: str, hostname: str, shown: HostKey, recorded: HostKey, path: Path) -> HostKeyMismatch:
    """Return the error for a device with another key than the recorded key."""
    params = {"name": name, "host": hostname, "key": str(shown), "option": f" -l {name}"}
    return HostKeyMismatch(message("session:changed_key", **params, recorded=str(recorded)), where=str(path))


def revoked_key(name: str, hostname: str, shown: HostKey, path: Path) -> HostKeyMismatch:
    """Return the error for a device with a revoked key."""
    return HostKeyMismatch(message("session:revoked_key", name=name, host=hostname, key=str(shown)), where=str(path))


def uncertified_key(name: str, hostname: str, shown: HostKey, reason: Message, path: Path) -> HostKeyMismatch:
    """Return the error for a device with an invalid certificate."""
    what = message("session:uncertified_key", name=name, host=hostname, key=str(shown), reason=reason)
    return HostKeyMismatch(what, where=str(path))
