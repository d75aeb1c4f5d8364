"""SSH algorithms: lists in OpenSSH's notation, legacy algorithms, and the offer of a peer."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from hashlib import sha1
from typing import Any, Final

import paramiko
from cryptography.hazmat.primitives import hashes
from paramiko.kex_gex import KexGexSHA256
from paramiko.kex_group14 import KexGroup14SHA256

from eventready.core.errors import InvalidValue
from eventready.core.messages import message

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

KEX_ENGINES: Final[Mapping[str, Any]] = {kex.name: kex for kex in (_KexGroup14SHA1, _KexGexSHA1, _KexGroup1SHA1)}
HOST_KEY_TYPES: Final[Mapping[str, Any]] = {"ssh-rsa": _RSA_KEY_SHA1}


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
