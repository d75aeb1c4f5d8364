"""Public Ed25519 keys as bytes: fingerprint, and keys under which a signature proves nothing."""

from __future__ import annotations

import hashlib

#: Bytes of a public key.
RAW_BYTES = 32

#: Encodings of the points of small order and their non-canonical forms, without the sign bit. A signature under such
#: a key can be forged without a secret. Source: blacklist of libsodium, crypto_core/ed25519/ref10/ed25519_ref10.c.
_SMALL_ORDER = frozenset(
    bytes.fromhex(point)
    for point in (
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    )
)


def fingerprint_of(raw: bytes) -> str:
    """Fingerprint of a public key, short enough to compare over the telephone."""
    digest = hashlib.sha256(raw).hexdigest()[:32]
    return ":".join(digest[start : start + 4] for start in range(0, 32, 4))


def is_small_order(raw: bytes) -> bool:
    """True for a public key under which signatures can be forged without a secret."""
    return len(raw) == RAW_BYTES and (raw[:-1] + bytes([raw[-1] & 0x7F])) in _SMALL_ORDER
