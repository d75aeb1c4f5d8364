"""Base64 in documents from outside."""

from __future__ import annotations

import base64
import binascii


def decode_base64(text: str) -> bytes:
    """Return the bytes of a Base64 text; empty for an invalid text."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
