"""Texts encrypted by ansible-vault, versions 1.1 and 1.2, read from the public description of the format.

Below a header of version, cipher and vault id stand, in hexadecimal, three lines: salt, HMAC and ciphertext, each in
hexadecimal again. PBKDF2 gives the keys of the cipher (AES-256 in counter mode) and of the HMAC, and the counter.
"""

from __future__ import annotations

import re

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from cryptography.hazmat.primitives.padding import PKCS7

_HEADER = re.compile(r"\$ANSIBLE_VAULT;(?:1\.1|1\.2);AES256(?:;[^;\s]{1,256})?")
_ITERATIONS, _KEY, _COUNTER = 10_000, 32, 16


def is_vault(text: str) -> bool:
    """Return True for an encrypted text of any version."""
    return text.startswith("$ANSIBLE_VAULT;")


def decrypt(text: str, password: str) -> bytes:
    """Return the content. Raises ValueError for another format, a damaged text, or a wrong password."""
    header, _, body = text.partition("\n")
    if not _HEADER.fullmatch(header.strip()):
        raise ValueError("not version 1.1 or 1.2 with AES256")
    salt, digest, ciphertext = (bytes.fromhex(part.decode()) for part in bytes.fromhex(body).split(b"\n"))
    derived = PBKDF2HMAC(SHA256(), 2 * _KEY + _COUNTER, salt, _ITERATIONS).derive(password.encode())
    try:
        signed = HMAC(derived[_KEY : 2 * _KEY], SHA256())
        signed.update(ciphertext)
        signed.verify(digest)
    except InvalidSignature:
        raise ValueError("wrong password, or a damaged text") from None
    cipher = Cipher(AES(derived[:_KEY]), CTR(derived[2 * _KEY :])).decryptor()
    padding = PKCS7(AES.block_size).unpadder()
    return padding.update(cipher.update(ciphertext) + cipher.finalize()) + padding.finalize()
