"""Checkpoints in files: a document of its own, the manifest of a bundle, or the header of a mail."""

from __future__ import annotations

import base64
import io
import zipfile
import zlib
from email.parser import BytesHeaderParser
from pathlib import Path

from eventready.core.errors import UsageError
from eventready.core.files import read_bounded
from eventready.core.messages import message
from eventready.core.records import Shape
from eventready.core.strings.json_text import parse_json
from eventready.delivery.mail.letter import CHECKPOINT_HEADER
from eventready.store.integrity import CHECKPOINT, Checkpoint

#: Member of a bundle with its checkpoint, and the most bytes of it and of a file.
MANIFEST, LARGEST_MANIFEST = "manifest.json", 20_000
_LARGEST = 20_000_000
_IN_BUNDLE = Shape(Checkpoint)


def read_checkpoint(path: Path) -> Checkpoint:
    """Return the checkpoint in a file. Its signature is not verified here. Raises UsageError."""
    data = read_bounded(path, _LARGEST, "checkpoint")
    try:
        return _checkpoint(data)
    except (ValueError, KeyError, TypeError, RuntimeError, OSError, zipfile.BadZipFile, zlib.error):
        raise UsageError(message("delivery:checkpoint.none"), where=str(path)) from None


def _checkpoint(data: bytes) -> Checkpoint:
    """Return the checkpoint in a file. Raises ValueError, KeyError, TypeError and the errors of zipfile."""
    if data.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive, archive.open(MANIFEST) as file:
            return _IN_BUNDLE.read_plain(parse_json(file.read(LARGEST_MANIFEST))["checkpoint"])
    if data.lstrip().startswith(b"{"):
        return CHECKPOINT.read(data)
    header = str(BytesHeaderParser().parsebytes(data).get(CHECKPOINT_HEADER, ""))
    return CHECKPOINT.read(base64.b64decode("".join(header.split()), validate=True))
