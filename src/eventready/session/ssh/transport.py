"""paramiko's transport with configured algorithms and bounded waits; the only module with internals of paramiko."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from hashlib import sha1
from threading import Event
from time import monotonic
from typing import Any, ClassVar, Final

import paramiko
from cryptography.hazmat.primitives import hashes
from paramiko.auth_handler import AuthOnlyHandler
from paramiko.common import cMSG_SERVICE_REQUEST, cMSG_USERAUTH_REQUEST
from paramiko.kex_gex import KexGexSHA256
from paramiko.kex_group14 import KexGroup14SHA256
from paramiko.packet import Packetizer
from paramiko.transport import ServiceRequestingTransport

from eventready.core.errors import InvalidValue
from eventready.core.messages import message
from eventready.session.hostkeys import HostKey
from eventready.session.ssh.certificates import SUFFIX
from eventready.session.target import SshOptions
from eventready.session.wire.stream import BufferedSocket

#: Accepted with `allow_legacy_ssh` only: OpenSSH disables these by default (SHA-1 signatures, CBC padding oracles).
LEGACY_KEX: Final = ("diffie-hellman-group14-sha1", "diffie-hellman-group-exchange-sha1", "diffie-hellman-group1-sha1")
LEGACY_HOST_KEYS: Final = ("ssh-rsa",)
LEGACY_CIPHERS: Final = ("aes128-cbc", "aes192-cbc", "aes256-cbc", "3des-cbc")
LEGACY_MACS: Final = ("hmac-sha1-96", "hmac-md5", "hmac-md5-96")
LEGACY: Final = frozenset((*LEGACY_KEX, *LEGACY_HOST_KEYS, *LEGACY_CIPHERS, *LEGACY_MACS))


class _KexGroup14SHA1(KexGroup14SHA256):
    """RFC 4253, 8.2."""

    name = "diffie-hellman-group14-sha1"
    hash_algo = sha1


class _KexGroup1SHA1(KexGroup14SHA256):
    """RFC 4253, 8.1: the 1024-bit group 2 of RFC 2409."""

    name = "diffie-hellman-group1-sha1"
    hash_algo = sha1
    P = int(
        "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B"
        "302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE6"
        "49286651ECE65381FFFFFFFFFFFFFFFF",
        16,
    )


class _KexGexSHA1(KexGexSHA256):
    """RFC 4419."""

    name = "diffie-hellman-group-exchange-sha1"
    hash_algo = sha1


#: An RSA host key whose SHA-1 signatures are accepted (RFC 4253, 6.6).
_RSA_KEY_SHA1 = type("RSAKeySHA1", (paramiko.RSAKey,), {"HASHES": {**paramiko.RSAKey.HASHES, "ssh-rsa": hashes.SHA1}})

KEX_ENGINES: Final[Mapping[str, type]] = {kex.name: kex for kex in (_KexGroup14SHA1, _KexGexSHA1, _KexGroup1SHA1)}
HOST_KEY_TYPES: Final[Mapping[str, type]] = {"ssh-rsa": _RSA_KEY_SHA1}


def select(spec: str, defaults: Sequence[str], supported: Collection[str]) -> tuple[str, ...]:
    """Return the algorithms of an OpenSSH list: `a,b` replaces, `+a` appends, `-a*` removes, `^a` prepends.

    Unsupported algorithms are dropped. Raises ValueError when nothing remains.
    """
    operator, names = (spec[0], spec[1:]) if spec[:1] in ("+", "-", "^") else ("", spec)
    named = [name.strip() for name in names.split(",") if name.strip()]
    if not spec:
        chosen: Iterable[str] = defaults
    elif operator == "-":
        chosen = (name for name in defaults if not any(fnmatchcase(name, pattern) for pattern in named))
    elif operator == "+":
        chosen = (*defaults, *named)
    elif operator == "^":
        chosen = (*named, *defaults)
    else:
        chosen = named
    found = tuple(dict.fromkeys(name for name in chosen if name in supported))
    if not found:
        raise InvalidValue(message("session:algorithms_none", spec=spec))
    return found


def legacy_among(offered: Iterable[str]) -> tuple[str, ...]:
    """Return the legacy algorithms of a peer's offer."""
    return tuple(name for name in offered if name in LEGACY)


#: OpenSSH's limit of a packet.
_MAX_PACKET_BYTES = 256 * 1024
#: Interval at which the reading thread of a logged-in connection checks whether it was closed or is due a keepalive.
#: `close` wakes the thread.
_CHECK_S = 2.0
#: Time limit of the service request where the login has none.
_SERVICE_S = 30.0


class _DeadlinePacketizer(Packetizer):
    """Bound the handshake by a clock; paramiko would start a timer thread per connection."""

    _until = float("inf")

    def start_handshake(self, timeout: float) -> None:
        """Start the handshake with a limit of `timeout` seconds."""
        self._until = monotonic() + timeout

    def handshake_timed_out(self) -> bool:
        """Return True after the limit; paramiko calls this at least every 0.1 s."""
        return monotonic() > self._until

    def complete_handshake(self) -> None:
        """End the handshake."""
        self._until = float("inf")

    def read_all(self, n: int, check_rekey: bool = False) -> bytes:
        """Read `n` bytes. Raises SSHException for more than a packet has; paramiko accepts 4 GB."""
        if n > _MAX_PACKET_BYTES:
            raise paramiko.SSHException("the server announces a packet of excessive size")
        return super().read_all(n, check_rekey)


#: paramiko's stubs lack the tables of algorithms and the results of the negotiation.
_PARAMIKO: Any = paramiko.Transport
_PARAMIKO_SERVICE: Any = ServiceRequestingTransport
_PARAMIKO_CONFIG: Any = paramiko.SSHConfig


class _AuthHandler(AuthOnlyHandler):
    """paramiko's handler without its race: paramiko sends the request before the handler can take the answer."""

    def send_auth_request(
        self, username: str, method: str, finish_message: Callable[[paramiko.Message], None] | None = None
    ) -> Any:
        """Send a request and wait for the answer: the next methods required by the server."""
        self.auth_method, self.username = method, username
        request = paramiko.Message()
        request.add_byte(cMSG_USERAUTH_REQUEST)
        for text in (username, "ssh-connection", method):
            request.add_string(text)
        if finish_message is not None:
            finish_message(request)
        answered = self.auth_event = Event()
        transport: Any = self.transport
        with transport.lock:
            transport._send_message(request)
        return self.wait_for_response(answered)


class ConfigParser(paramiko.SSHConfig):
    """paramiko's parser of ssh_config, which matches `Host` patterns against the address and the device name."""

    alias = ""

    def _allowed_tokens(self, key: str) -> list[str]:
        """Leave these to `target_builder`, which knows the inventory's user and port."""
        return [] if key in ("proxycommand", "identityfile") else _PARAMIKO_CONFIG._allowed_tokens(self, key)

    def _lookup(self, *args: Any, **kwargs: Any) -> Any:
        found = _PARAMIKO_CONFIG._lookup(self, *args, **kwargs)
        found.setdefault("canonicaldomains", "")  # without domains, OpenSSH makes no name canonical
        return found

    def _pattern_matches(self, patterns: Any, target: str) -> bool:
        if isinstance(patterns, str):
            patterns = patterns.split(",")
        names = [name for name in (target, self.alias) if name]
        matched = False
        for pattern in patterns:
            found = any(fnmatchcase(name, pattern.removeprefix("!")) for name in names)
            if found and pattern.startswith("!"):
                return False
            matched = matched or found
        return matched


def adopt_transport(client: paramiko.SSHClient, transport: paramiko.Transport) -> None:
    """Give an open transport to a client, which would connect and log in by itself."""
    state: Any = client
    state._transport = transport


class Transport(ServiceRequestingTransport):
    """paramiko's transport with configured algorithms, and the peer's offer kept for messages.

    X25519 and AES-GCM come first, the cheapest sound algorithms: AES-GCM needs no HMAC in Python. Legacy algorithms
    are implemented here and offered only where they are allowed. The authentication service is requested once: some
    servers end the connection at a second request, which paramiko's default transport sends with each method.
    """

    _kex_info: ClassVar[dict[str, Any]] = {**_PARAMIKO._kex_info, **KEX_ENGINES}
    _key_info: ClassVar[dict[str, Any]] = {**_PARAMIKO._key_info, **HOST_KEY_TYPES}

    def __init__(
        self, connection: Any, options: SshOptions, recorded: Sequence[HostKey] = (), *, certified: bool = False
    ) -> None:
        super().__init__(connection, packetizer_class=_DeadlinePacketizer)
        self._kex = ""
        self.peer_offer: dict[str, list[str]] = {}
        self._service_accepted = Event()
        self._configure(options, recorded, certified)

    def _configure(self, options: SshOptions, recorded: Sequence[HostKey], certified: bool) -> None:
        """Set the algorithms. Raises ValueError for a list without a supported and allowed algorithm."""
        offer = self.get_security_options()
        allow = options.allow_legacy
        offer.kex = _allowed(
            options.kex_algorithms, _first("curve25519-sha256@libssh.org", offer.kex), LEGACY_KEX, self._kex_info, allow
        )
        offer.ciphers = _allowed(
            options.ciphers,
            _first("aes128-gcm@openssh.com", offer.ciphers),
            LEGACY_CIPHERS,
            _PARAMIKO._cipher_info,
            allow,
        )
        offer.digests = _allowed(options.macs, offer.digests, LEGACY_MACS, _PARAMIKO._mac_info, allow)
        key_types = _allowed(options.host_key_algorithms, offer.key_types, LEGACY_HOST_KEYS, self._key_info, allow)
        known = {kind for key in recorded for kind in _signatures(key.algorithm)}
        signed = (f"{kind}{SUFFIX}" for kind in key_types if certified and f"{kind}{SUFFIX}" in self._key_info)
        offer.key_types = (*signed, *(k for k in key_types if k in known), *(k for k in key_types if k not in known))

    def _filter_algorithm(self, type_: str) -> tuple[str, ...]:
        """Return the preferred algorithms of a kind; paramiko leaves out disabled ones, of which we have none."""
        names: tuple[str, ...] = getattr(self, f"_preferred_{type_}")
        return names

    def _really_parse_kex_init(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        parsed: dict[str, Any] = _PARAMIKO._really_parse_kex_init(self, *args, **kwargs)
        self.peer_offer = {name: value for name, value in parsed.items() if isinstance(value, list)}
        return parsed

    def _parse_kex_init(self, message: paramiko.Message) -> None:
        _PARAMIKO._parse_kex_init(self, message)
        state: Any = self
        self._kex = next(name for name, kex in self._kex_info.items() if type(state.kex_engine) is kex)

    def logged_in(self, keepalive_s: float) -> None:
        """Wake the reading thread seldom from now on: paramiko's own ten times a second cost more than the reading."""
        self.sock.settimeout(min(_CHECK_S, keepalive_s or _CHECK_S))
        if keepalive_s:
            self.set_keepalive(max(1, round(keepalive_s)))

    def close(self) -> None:
        """Close the connection, and end the reading thread at once."""
        if self.is_active() and isinstance(self.sock, BufferedSocket):
            self.sock.wake_reader()
        super().close()

    def ensure_session(self) -> None:
        """Request the authentication service once. Raises SSHException; paramiko polls without a time limit here."""
        state: Any = self
        if state._service_userauth_accepted:
            return
        request = paramiko.Message()
        request.add_byte(cMSG_SERVICE_REQUEST)
        request.add_string("ssh-userauth")
        state._send_message(request)
        deadline = monotonic() + (self.auth_timeout or _SERVICE_S)
        while not self._service_accepted.wait(0.1):
            if not self.is_active():
                raise self.get_exception() or EOFError()
            if monotonic() > deadline:
                raise paramiko.AuthenticationException("Authentication timeout: the service is not accepted.")
        state.auth_handler = state.get_auth_handler()

    def _parse_service_accept(self, message: paramiko.Message) -> None:
        _PARAMIKO_SERVICE._parse_service_accept(self, message)
        self._service_accepted.set()

    def get_auth_handler(self) -> Any:
        """Return the handler of authentication messages."""
        return _AuthHandler(self)

    @property
    def agreed(self) -> tuple[str, ...]:
        """The negotiated key exchange, host key, cipher and MAC (none with an AEAD cipher)."""
        state: Any = self
        mac = "" if "gcm" in state.remote_cipher else state.remote_mac
        names = (self._kex, state.host_key_type, state.remote_cipher, mac)
        return tuple(name for name in names if name)


def _first(name: str, names: Iterable[str]) -> tuple[str, ...]:
    offered = tuple(names)
    return (name, *(other for other in offered if other != name)) if name in offered else offered


def _allowed(
    spec: str, defaults: Iterable[str], legacy: Sequence[str], supported: Iterable[str], allow: bool
) -> tuple[str, ...]:
    modern = tuple(name for name in defaults if name not in LEGACY)
    usable = {name for name in supported if allow or name not in LEGACY}
    return select(spec, (*modern, *legacy) if allow else modern, usable)


def _signatures(algorithm: str) -> tuple[str, ...]:
    """The signature algorithms of a key's algorithm."""
    return ("rsa-sha2-512", "rsa-sha2-256", "ssh-rsa") if algorithm == "ssh-rsa" else (algorithm,)
