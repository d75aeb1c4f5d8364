"""Ed25519 keys: an operator signs its bundles, and an approver a plan, with the private one; the other is published."""

from __future__ import annotations

import base64
import json
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from eventready.duty.words import tidy
from eventready.errors import RefusedError, UsageError
from eventready.files import read_small, write_whole
from eventready.session.redaction import redactor
from eventready.workspace.changes import fingerprint_of
from eventready.workspace.secrets import is_reference, resolve

SCHEMA = "eventready.key/1"

#: How published keys are called: `vnpt.key.json`.
SUFFIX = ".key.json"

_LARGEST = 10_000


@dataclass(frozen=True)
class PublicKey:
    """Whose key it is. `raw` are its 32 bytes."""

    operator: str
    raw: bytes

    @property
    def id(self) -> str:
        """The fingerprint that bundles name, and that two people compare on the telephone."""
        return fingerprint_of(self.raw)

    def verifies(self, signature: bytes, data: bytes) -> bool:
        """True when the owner of the key signed exactly this."""
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, data)
        except (InvalidSignature, ValueError):
            return False
        return True

    def plain(self) -> dict[str, str]:
        """For publishing."""
        return {"schema": SCHEMA, "operator": self.operator, "id": self.id, "key": base64.b64encode(self.raw).decode()}


@dataclass(frozen=True)
class PrivateKey:
    """What signs, and the key that goes with it."""

    public: PublicKey
    secret: Ed25519PrivateKey

    def sign(self, data: bytes) -> bytes:
        """The 64 bytes of a signature."""
        return self.secret.sign(data)


def make_key(path: Path, operator: str) -> PublicKey:
    """Make a pair: the private key at `path` for its owner only, the public one beside it. Raises UsageError.

    An existing key is never replaced: bundles that it signed could not be checked any more.
    """
    name = tidy(operator, "name of the operator")
    if not name:
        raise UsageError("a key belongs to somebody", do="Give --operator, or `enterprise` in event.yaml.")
    published = public_path(path)
    for taken in (path, published):
        if taken.exists():
            raise UsageError("this key exists already and is not replaced", where=str(taken), do="Name another file.")
    secret = Ed25519PrivateKey.generate()
    public = PublicKey(name, secret.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))
    write_whole(path, secret.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), private=True)
    write_whole(published, (json.dumps(public.plain(), ensure_ascii=False, indent=1) + "\n").encode())
    return public


def public_path(path: Path) -> Path:
    """Where the public key of a private one lies."""
    return path.with_name(path.stem + SUFFIX)


def load_private(source: str, workspace: Path, operator: str) -> PrivateKey:
    """The private key in a file that only its owner may read, or behind a reference (`env:`, `keyring:`, `vault:`).

    Raises UsageError, and RefusedError for a file that others may read.
    """
    where = "" if is_reference(source) else source
    data = resolve(source, workspace).encode() if is_reference(source) else _private_file(Path(source))
    try:
        secret = load_pem_private_key(data, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        secret = None
    if not isinstance(secret, Ed25519PrivateKey):
        raise UsageError(
            "this is no private Ed25519 key", where=where or source, do="Make one: `eventready bundle keygen`."
        )
    redactor.register(data.decode("ascii", "replace"))
    return PrivateKey(PublicKey(operator, secret.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)), secret)


def load_public(folder: Path) -> dict[str, PublicKey]:
    """The published keys in a folder by their fingerprint. Raises UsageError for a file that is none."""
    paths = sorted(folder.glob(f"*{SUFFIX}")) if folder.is_dir() else []
    if not paths:
        do = f"Put the operators' published keys (*{SUFFIX}) there."
        raise UsageError("there is no key in this folder", where=str(folder), do=do)
    keys: dict[str, PublicKey] = {}
    for path in paths:
        key = _public_file(path)
        if key.id in keys and keys[key.id].operator != key.operator:
            raise UsageError(f"this is the key of {keys[key.id].operator} too", where=str(path), do="Ask both.")
        keys[key.id] = key
    return keys


def _private_file(path: Path) -> bytes:
    data = read_small(path, _LARGEST, "key")
    if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise RefusedError("others may read this private key", where=str(path), do=f"chmod 600 {path}")
    return data


def _public_file(path: Path) -> PublicKey:
    data = read_small(path, _LARGEST, "key")
    try:
        plain = json.loads(data)
        if plain["schema"] != SCHEMA:
            raise ValueError("another schema")  # noqa: TRY301  all that is wrong with it is said in one place
        key = PublicKey(tidy(str(plain["operator"]), "name"), base64.b64decode(plain["key"], validate=True))
        Ed25519PublicKey.from_public_bytes(key.raw)
    except (ValueError, KeyError, TypeError, RecursionError):
        raise UsageError(
            f"this is no published key ({SCHEMA})", where=str(path), do="Ask the operator for it."
        ) from None
    if not key.operator or plain.get("id") != key.id:
        raise UsageError("the key does not have the fingerprint that it names", where=str(path), do="Ask for it anew.")
    return key
