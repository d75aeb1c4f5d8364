"""paramiko's client with our order of algorithms and without its search through all host keys for every connection."""

from __future__ import annotations

from collections.abc import Iterable
from time import monotonic
from typing import Any

import paramiko
from paramiko.packet import Packetizer
from paramiko.pkey import UnknownKeyType

from eventready.session.hostkeys import HostKey


class _Unhurried(Packetizer):
    """paramiko's, which starts a thread per connection to see that a handshake ends in time; a clock tells as well."""

    _until = float("inf")

    def start_handshake(self, timeout: float) -> None:
        """The handshake begins, and may take `timeout` seconds."""
        self._until = monotonic() + timeout

    def handshake_timed_out(self) -> bool:
        """Asked whenever more is wanted from the socket, and at least every 0.1 s."""
        return monotonic() > self._until

    def complete_handshake(self) -> None:
        """The handshake is over."""
        self._until = float("inf")


class Transport(paramiko.Transport):
    """paramiko's, with what costs least of what is sound in front: X25519, and AES-GCM, which needs no HMAC in Python.

    Nothing is added to what paramiko accepts.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "packetizer_class": _Unhurried})
        options = self.get_security_options()
        options.kex = _first("curve25519-sha256@libssh.org", options.kex)
        options.ciphers = _first("aes128-gcm@openssh.com", options.ciphers)


def _first(name: str, names: Iterable[str]) -> tuple[str, ...]:
    offered = tuple(names)
    return (name, *(other for other in offered if other != name)) if name in offered else offered


class _ByKind(dict[str, paramiko.PKey]):
    """One host's keys by kind; paramiko takes the first of `keys()` by its index."""

    def keys(self) -> Any:
        """The kinds, as a list."""
        return list(super().keys())


class _OneHost(paramiko.HostKeys):
    """The keys of one host. paramiko's own lookup makes a new class for every call, which 500 devices feel."""

    def __init__(self, name: str, keys: _ByKind) -> None:
        super().__init__()
        self._name, self._keys = name, keys

    def get(self, hostname: str, default: Any = None) -> Any:
        """The host's keys; None for every other host, and when none is recorded."""
        return self._keys if hostname == self._name and self._keys else default

    def lookup(self, hostname: str) -> Any:
        """Like `get`."""
        return self.get(hostname)


class Client(paramiko.SSHClient):
    """An SSH client that knows one host's recorded keys."""

    def __init__(self, name: str, keys: Iterable[HostKey]) -> None:
        super().__init__()
        known = _ByKind()
        for key in keys:
            try:
                public = key.public()
            except (paramiko.SSHException, UnknownKeyType, ValueError):
                continue  # a kind of key that paramiko cannot check cannot be accepted either
            known[public.get_name()] = public
        #: Read by paramiko's connect(); were it ever to look elsewhere, every host would be unknown and refused.
        self._system_host_keys = _OneHost(name, known)

    def connect(self, *args: Any, **kwargs: Any) -> Any:
        """Connect with our order of algorithms."""
        return super().connect(*args, **{**kwargs, "transport_factory": Transport})
