"""Ed25519 keys for bundles of operators and approvals of plans; public keys are published as files."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from eventready.core.errors import UsageError
from eventready.core.files import read_bounded, read_private, write_atomic
from eventready.core.messages import message
from eventready.core.records import Binary, JsonDocument
from eventready.core.redaction.redaction import redactor
from eventready.core.strings.json_text import canonical, parse_json
from eventready.core.strings.texts import tidy
from eventready.workspace.keys.secrets import is_reference, resolve

#: Longest name of an operator, in characters.
LONGEST = 200

#: Characters beside letters and digits.
_PUNCTUATION = frozenset(" .,;:&()'\"/+-_|<>–")

#: Letters and groups of letters of one shape in common fonts; capital I was folded to i before.
_SHAPES = (("0", "o"), ("1", "l"), ("i", "l"), ("đ", "d"), ("rn", "m"), ("vv", "w"))
_MARKS = re.compile(r"[^a-z0-9]")


def operator_name(text: str, where: str = "") -> str:
    """The name, tidied. Raises UsageError for an empty or long name, and for characters outside the Latin script."""
    name = tidy(text, "name of the operator")
    if not name:
        raise UsageError(message("workspace:operator.none"), where=where)
    if len(name) > LONGEST:
        raise UsageError(message("workspace:operator.long", limit=LONGEST), where=where)
    foreign = next((letter for letter in name if not _allowed(letter)), None)
    if foreign is not None:
        code = f"U+{ord(foreign):04X} {unicodedata.name(foreign, 'unnamed')}"
        raise UsageError(message("workspace:operator.letter", code=code), where=where)
    return name


def shape(name: str) -> str:
    """Return a name without case, marks and blanks, and a common letter for letters of the same shape; for comparison
    only."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    for look, letter in _SHAPES:
        plain = plain.replace(look, letter)
    return _MARKS.sub("", plain)


def check_names(names: Iterable[str], where: str = "") -> None:
    """Raise UsageError for two different names of similar appearance."""
    seen: dict[str, str] = {}
    for name in sorted(set(names)):
        other = seen.setdefault(shape(name), name)
        if other != name:
            raise UsageError(message("workspace:operator.alike", other=other, name=name), where=where)


def _allowed(letter: str) -> bool:
    """True for a letter of Vietnamese and other Latin alphabets, for a digit, and for common punctuation."""
    if letter in _PUNCTUATION or (letter.isascii() and letter.isalnum()):
        return True
    base = unicodedata.normalize("NFD", letter)[0]
    return (base.isascii() and base.isalpha()) or letter in "đĐ"


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


SCHEMA = "eventready.key/1"

#: Suffix of published keys, such as `operator.key.json`.
SUFFIX = ".key.json"

#: Own private key of a workspace, relative to its folder.
OWN_KEY = Path(".eventready") / "keys" / "bundle.pem"

_LARGEST = 10_000


@dataclass(frozen=True)
class Succession:
    """Statement of the succession of the key `key` (fingerprint) by another key, signed with `key`."""

    key: str
    signature: Binary


@dataclass(frozen=True)
class PublicKey:
    """Public key of an operator; `raw`: its 32 bytes. `succeeds`: the statement of the operator's key before."""

    operator: str
    raw: bytes
    succeeds: Succession | None = None

    @property
    def id(self) -> str:
        """Fingerprint named in bundles, for comparison over the telephone."""
        return fingerprint_of(self.raw)

    def verifies(self, signature: bytes, data: bytes) -> bool:
        """True for a valid signature of `data`; never for a key of small order."""
        if is_small_order(self.raw):
            return False
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, data)
        except (InvalidSignature, ValueError):
            return False
        return True

    def statement(self) -> bytes:
        """Bytes of the succession, signed by the preceding key."""
        plain = {"operator": self.operator, "schema": SCHEMA, "successor": self.id}
        return canonical(plain)

    def follows(self, before: PublicKey) -> bool:
        """True with a valid statement of succession by the key `before` of the same operator."""
        succession = self.succeeds
        if succession is None or succession.key != before.id or self.operator != before.operator:
            return False
        return before.verifies(succession.signature, self.statement())

    def to_dict(self) -> dict[str, Any]:
        """Published form of the key."""
        return _PUBLISHED.plain(_PublishedKey(self.operator, self.id, self.raw, self.succeeds))


@dataclass(frozen=True)
class _PublishedKey:
    operator: str
    id: str
    key: Binary
    succeeds: Succession | None = None


_PUBLISHED = JsonDocument(SCHEMA, _PublishedKey)


@dataclass(frozen=True)
class PrivateKey:
    """Private key with its public key."""

    public: PublicKey
    secret: Ed25519PrivateKey

    def sign(self, data: bytes) -> bytes:
        """Signature of `data`, 64 bytes."""
        return self.secret.sign(data)


def make_key(path: Path, operator: str, before: PrivateKey | None = None) -> PublicKey:
    """Generate a key pair: private key at `path` (owner only), public key in the same folder. Raises UsageError.

    The key `before` of the same operator signs the succession. An existing key is never replaced, since its signatures
    could no longer be verified.
    """
    name = operator_name(operator)
    published = public_path(path)
    for taken in (path, published):
        if taken.exists():
            raise UsageError(message("workspace:key.exists"), where=str(taken))
    secret = Ed25519PrivateKey.generate()
    public = PublicKey(name, secret.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))
    if before is not None:
        public = replace(public, succeeds=Succession(before.public.id, before.sign(public.statement())))
    write_atomic(path, secret.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), private=True)
    write_atomic(published, (json.dumps(public.to_dict(), ensure_ascii=False, indent=1) + "\n").encode())
    return public


def own_public_keys(workspace: Path) -> list[PublicKey]:
    """Return the public key of a workspace's own private key; empty if missing."""
    published = public_path(workspace / OWN_KEY)
    return [_public_file(published)] if published.is_file() else []


def public_path(path: Path) -> Path:
    """Path of the public key of a private key."""
    return path.with_name(path.stem + SUFFIX)


def load_private(source: str, workspace: Path, operator: str, *, default: str = "") -> PrivateKey:
    """Load a private key from a file readable by its owner only, or from a reference.

    `default`: the name without `operator` and without a name published beside the file. Raises UsageError, also for
    another name than the published, and RefusedError for a file readable by others.
    """
    where = "" if is_reference(source) else source
    data = resolve(source, workspace).encode() if is_reference(source) else read_private(Path(source), _LARGEST, "key")
    try:
        secret = load_pem_private_key(data, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        secret = None
    if not isinstance(secret, Ed25519PrivateKey):
        raise UsageError(message("workspace:key.not_private"), where=where or source)
    redactor.register(data.decode("ascii", "replace"))
    raw = secret.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    published = _published_name(public_path(Path(source)), raw) if where else ""
    if operator and published and operator != published:
        raise UsageError(message("workspace:key.other_name", operator=operator, published=published), where=where)
    return PrivateKey(PublicKey(operator or published or default, raw), secret)


def _published_name(path: Path, raw: bytes) -> str:
    """Operator in the published form of a key; empty without this form."""
    key = _public_file(path) if path.is_file() else None
    return key.operator if key and key.raw == raw else ""


def load_public(folder: Path) -> dict[str, PublicKey]:
    """Load the published keys of a folder, by fingerprint.

    Raises UsageError for an invalid file, for operators with look-alike names, and for two keys of one operator without
    a signed succession.
    """
    paths = sorted(folder.glob(f"*{SUFFIX}")) if folder.is_dir() else []
    if not paths:
        raise UsageError(message("workspace:key.none", suffix=SUFFIX), where=str(folder))
    keys: dict[str, PublicKey] = {}
    for path in paths:
        key = _public_file(path)
        if key.id in keys and keys[key.id].operator != key.operator:
            raise UsageError(message("workspace:key.duplicate", operator=keys[key.id].operator), where=str(path))
        keys[key.id] = key
    check_names({key.operator for key in keys.values()}, str(folder))
    for operator in {key.operator for key in keys.values()}:
        _check_succession([key for key in keys.values() if key.operator == operator], folder)
    return keys


def newest(keys: Iterable[PublicKey]) -> PublicKey:
    """Latest key of an operator: the key without a successor."""
    known = list(keys)
    return next(key for key in known if not any(other.follows(key) for other in known))


def _check_succession(keys: Sequence[PublicKey], folder: Path) -> None:
    """Raise UsageError unless the keys of an operator are a chain of signed successions."""
    firsts = [key for key in keys if not any(key.follows(other) for other in keys)]
    lasts = [key for key in keys if not any(other.follows(key) for other in keys)]
    if len(firsts) != 1 or len(lasts) != 1:
        raise UsageError(
            message("workspace:key.succession", count=len(keys), operator=keys[0].operator), where=str(folder)
        )


def _public_file(path: Path) -> PublicKey:
    data = read_bounded(path, _LARGEST, "key")
    try:
        plain = parse_json(data)
    except ValueError:
        plain = None
    return published_key(plain, str(path))


def published_key(plain: object, where: str) -> PublicKey:
    """Key from its published form. Raises UsageError."""
    try:
        found = _PUBLISHED.read_plain(plain)
        Ed25519PublicKey.from_public_bytes(found.key)
    except ValueError:
        raise UsageError(message("workspace:key.not_published", schema=SCHEMA), where=where) from None
    key = PublicKey(found.operator, found.key, found.succeeds)
    if operator_name(key.operator, where) != key.operator or found.id != key.id:
        raise UsageError(message("workspace:key.fingerprint"), where=where)
    if is_small_order(key.raw):
        raise UsageError(message("workspace:key.small_order"), where=where)
    return key
