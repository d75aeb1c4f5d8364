"""Checkpoints in files: a document of its own, the manifest of a bundle, or the header of a mail."""

from __future__ import annotations

import base64
import io
import json
import zipfile
import zlib
from email.parser import BytesHeaderParser
from pathlib import Path

from eventready.core.errors import UsageError
from eventready.core.file_system.atomic_files import read_bounded
from eventready.core.messages import message
from eventready.core.strings.json_text import parse_json
from eventready.delivery.mail.eml import CHECKPOINT_HEADER
from eventready.store.integrity.checkpoints import Checkpoint

#: Member of a bundle with its checkpoint, and the most bytes of it and of a file.
MANIFEST, LARGEST_MANIFEST = "manifest.json", 20_000
_LARGEST = 20_000_000


def read_checkpoint(path: Path) -> Checkpoint:
    """Return the checkpoint in a file. Its signature is not verified here. Raises UsageError."""
    data = read_bounded(path, _LARGEST, "checkpoint")
    try:
        return Checkpoint.from_dict(parse_json(_document(data)))
    except (ValueError, AttributeError, KeyError, TypeError, RuntimeError, OSError, zipfile.BadZipFile, zlib.error):
        raise UsageError(message("delivery:checkpoint.none"), where=str(path)) from None


def _document(data: bytes) -> str:
    """JSON text of the checkpoint. Raises ValueError, KeyError and the errors of zipfile."""
    if data.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive, archive.open(MANIFEST) as file:
            return json.dumps(parse_json(file.read(LARGEST_MANIFEST))["checkpoint"])
    if data.lstrip().startswith(b"{"):
        return data.decode()
    header = str(BytesHeaderParser().parsebytes(data).get(CHECKPOINT_HEADER, ""))
    return base64.b64decode("".join(header.split()), validate=True).decode()
