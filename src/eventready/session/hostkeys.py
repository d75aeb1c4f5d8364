"""Strict host keys on a `known_hosts` file of the workspace, in OpenSSH's format.

A device whose key is not recorded is not spoken to; one whose key has changed even less so. The file is parsed once
per process, and again only when it has changed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import socket
import tempfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

import paramiko

from eventready.errors import WorkspaceError
from eventready.session.reply import HostKeyMismatch, Unreachable

SSH_PORT = 22


@dataclass(frozen=True)
class HostKey:
    """A public key: its algorithm, and the blob that goes over the wire."""

    kind: str
    blob: bytes = field(repr=False)

    @property
    def fingerprint(self) -> str:
        """`SHA256:...`, as ssh-keygen prints it."""
        digest = base64.b64encode(hashlib.sha256(self.blob).digest()).decode().rstrip("=")
        return f"SHA256:{digest}"

    @property
    def text(self) -> str:
        """Algorithm and key as they stand in a known_hosts file."""
        return f"{self.kind} {base64.b64encode(self.blob).decode()}"

    def public(self) -> paramiko.PKey:
        """The key for paramiko. Raises paramiko.SSHException for a kind that it does not know."""
        return paramiko.PKey.from_type_string(self.kind, self.blob)

    @classmethod
    def of(cls, key: paramiko.PKey) -> HostKey:
        """From paramiko's."""
        return cls(key.get_name(), key.asbytes())


def host_name(host: str, port: int | None) -> str:
    """The name of an address in a known_hosts file: `host`, or `[host]:port` off port 22."""
    return host if port in (None, SSH_PORT) else f"[{host}]:{port}"


@dataclass(frozen=True)
class KnownHosts:
    """The recorded keys by name; `hashed` are OpenSSH's `|1|salt|hash` names, `revoked` keys are never accepted."""

    path: Path
    names: Mapping[str, tuple[HostKey, ...]] = field(default_factory=dict)
    hashed: tuple[tuple[bytes, bytes, HostKey], ...] = ()
    revoked: frozenset[bytes] = frozenset()

    def keys(self, host: str, port: int | None = None) -> tuple[HostKey, ...]:
        """What is recorded for an address; none when nothing is, or when it was revoked."""
        name = host_name(host, port)
        found = [*self.names.get(name, ())]
        found += [key for salt, digest, key in self.hashed if hmac.digest(salt, name.encode(), "sha1") == digest]
        return tuple(key for key in found if key.blob not in self.revoked)

    @classmethod
    def parse(cls, text: str, path: Path) -> KnownHosts:
        """Read a known_hosts text. Raises WorkspaceError with file and line for a line that does not hold."""
        names: dict[str, tuple[HostKey, ...]] = {}
        hashed: list[tuple[bytes, bytes, HostKey]] = []
        revoked: set[bytes] = set()
        for number, line in enumerate(text.splitlines(), 1):
            words = line.split()
            if not words or words[0].startswith("#"):
                continue
            marker = words.pop(0) if words[0].startswith("@") else ""
            try:
                key = HostKey(words[1], base64.b64decode(words[2], validate=True))
                hosts = words[0].split(",")
                if marker == "@revoked":
                    revoked.add(key.blob)
                elif not marker:
                    for host in hosts:
                        if host.startswith("|1|"):
                            _, _, salt, digest = host.split("|")
                            hashed.append((base64.b64decode(salt), base64.b64decode(digest), key))
                        else:
                            names[host] = (*names.get(host, ()), key)
            except (IndexError, ValueError, binascii.Error):
                raise WorkspaceError(
                    "This is not a known_hosts line",
                    where=f"{path}:{number}",
                    do="Remove the line and record the key again with `eventready trust`.",
                ) from None
        return cls(path, names, tuple(hashed), frozenset(revoked))


_cache: dict[Path, tuple[tuple[int, int, int], KnownHosts]] = {}
_lock = Lock()


def known_hosts(path: Path) -> KnownHosts:
    """The file's keys, parsed once per process and version; an absent file knows nobody. Raises WorkspaceError."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return KnownHosts(path)
    except OSError as error:
        raise WorkspaceError(f"The host keys cannot be read: {error.strerror}", where=str(path)) from None
    version = (status.st_mtime_ns, status.st_size, status.st_ino)
    with _lock:
        cached = _cache.get(path)
        if cached and cached[0] == version:
            return cached[1]
        try:
            text = path.read_text(encoding="utf-8", errors="replace")
        except OSError as error:
            raise WorkspaceError(f"The host keys cannot be read: {error.strerror}", where=str(path)) from None
        _cache[path] = (version, KnownHosts.parse(text, path))
        return _cache[path][1]


def fetch(host: str, port: int | None = None, timeout_s: float = 10.0) -> HostKey:
    """The key that a device shows now, without logging in. Raises Unreachable."""
    address = (host, port or SSH_PORT)
    try:
        with socket.create_connection(address, timeout_s) as connection, paramiko.Transport(connection) as transport:
            transport.banner_timeout = timeout_s
            transport.start_client(timeout=timeout_s)
            return HostKey.of(transport.get_remote_server_key())
    except (OSError, paramiko.SSHException, EOFError) as error:
        raise Unreachable(
            f"{host}:{address[1]} shows no host key: {error or type(error).__name__}",
            do="Check the address, and that SSH answers there.",
        ) from None


def record(path: Path, host: str, port: int | None, key: HostKey) -> None:
    """Write the key down for the address in place of what stood there. The file is replaced whole, or not at all.

    Raises WorkspaceError when it cannot be written.
    """
    record_all(path, {(host, port): key})


def record_all(path: Path, keys: Mapping[tuple[str, int | None], HostKey]) -> None:
    """Like `record`, for many addresses in one go."""
    names = {host_name(host, port): key for (host, port), key in keys.items()}
    with _lock:
        try:
            old = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else []
            lines = [kept for line in old if (kept := _without(line, names.keys())) is not None]
            lines += [f"{name} {key.text}" for name, key in names.items()]
            _replace(path, "\n".join(lines) + "\n")
        except OSError as error:
            raise WorkspaceError(
                f"The host key cannot be recorded: {error.strerror}", where=str(path), do="Make the folder writable."
            ) from None


def _without(line: str, names: Collection[str]) -> str | None:
    """The line without the hosts in `names`; None when nobody is left on it."""
    words = line.split(maxsplit=1)
    if len(words) < 2 or words[0].startswith(("#", "@", "|")):
        return line
    hosts = [host for host in words[0].split(",") if host not in names]
    return f"{','.join(hosts)} {words[1]}" if hosts else None


def _replace(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


class Strict(paramiko.MissingHostKeyPolicy):
    """Nobody unknown is spoken to; the password is never sent to them."""

    def __init__(self, name: str, path: Path) -> None:
        self._name, self._path = name, path

    def missing_host_key(
        self,
        client: paramiko.SSHClient,  # noqa: ARG002  paramiko's signature
        hostname: str,
        key: paramiko.PKey,
    ) -> None:
        """Raise HostKeyMismatch with the fingerprint that was shown."""
        raise unknown_key(self._name, hostname, HostKey.of(key), self._path)


def unknown_key(name: str, hostname: str, shown: HostKey, path: Path) -> HostKeyMismatch:
    """The sentence for a device whose key nobody has recorded."""
    return HostKeyMismatch(
        f"The host key of {name} ({hostname}) is not recorded; it shows {shown.kind} {shown.fingerprint}",
        where=str(path),
        do=f"Compare the fingerprint with the device's, then run `eventready trust -l {name}`.",
    )


def changed_key(name: str, hostname: str, shown: HostKey, recorded: HostKey, path: Path) -> HostKeyMismatch:
    """The sentence for a device that shows another key than the recorded one."""
    return HostKeyMismatch(
        f"{name} ({hostname}) shows another host key than the recorded one: {shown.kind} {shown.fingerprint} "
        f"instead of {recorded.kind} {recorded.fingerprint}",
        where=str(path),
        do=f"Find out why before you log in; if the device was replaced, run `eventready trust --replace -l {name}`.",
    )
