"""Encryption of recorded configurations (backups for a way back): AES-256-GCM, a key per workspace.

Form of a stored text: `eventready.backup/1 KEY`, with the id of the key, then nonce and ciphertext in Base64.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import zlib
from dataclasses import dataclass, field, replace

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from eventready.core.errors import RefusedError
from eventready.core.messages import message
from eventready.store.change_steps import StoredConfiguration
from eventready.store.evidence import PackedEvidence

SCHEMA = "eventready.backup/1"
_NONCE_BYTES = 12


class BackupKeyError(RefusedError):
    """A backup is encrypted with another key, or was altered."""


@dataclass(frozen=True)
class BackupCipher:
    """Encrypts and decrypts with a key of 32 bytes."""

    key: bytes = field(repr=False)

    @property
    def id(self) -> str:
        """First digits of the key's SHA-256, recorded with each backup."""
        return hashlib.sha256(b"eventready backup key" + self.key).hexdigest()[:16]

    def encrypt(self, text: str) -> str:
        """Return the stored form of a text, with a new nonce for each call."""
        header = f"{SCHEMA} {self.id}"
        nonce = os.urandom(_NONCE_BYTES)
        packed = zlib.compress(text.encode("utf-8", "backslashreplace"))
        sealed = AESGCM(self.key).encrypt(nonce, packed, header.encode())
        return f"{header}\n{base64.b64encode(nonce + sealed).decode()}\n"

    def decrypt(self, stored: str) -> str:
        """Return the text of a stored form. Raises BackupKeyError for another key and for an altered text."""
        header, _, body = stored.partition("\n")
        schema, _, wanted = header.partition(" ")
        if schema != SCHEMA:
            raise BackupKeyError(message("store:backup.altered"))
        if wanted != self.id:
            raise BackupKeyError(message("store:backup.other_key", wanted=wanted, id=self.id))
        try:
            sealed = base64.b64decode(body, validate=False)
            packed = AESGCM(self.key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], header.encode())
            return zlib.decompress(packed).decode()
        except (InvalidTag, binascii.Error, ValueError, zlib.error):
            raise BackupKeyError(message("store:backup.altered")) from None

    def encrypt_answers(
        self, kept: StoredConfiguration, texts: tuple[PackedEvidence, ...]
    ) -> tuple[StoredConfiguration, tuple[PackedEvidence, ...]]:
        """Return a configuration and its texts with the texts encrypted, and `answers` under their new hashes."""
        stored = {text.name: PackedEvidence.of(self.encrypt(text.text)) for text in texts}
        answers = tuple((command, stored[name].name) for command, name in kept.answers)
        return replace(kept, answers=answers, key=self.id), tuple(stored.values())
