"""Writing files so that each is there whole or not at all."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from eventready.errors import UsageError


def put(path: Path, data: bytes) -> None:
    """Write the whole file or leave the old one. Raises UsageError."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(data)
        draft.replace(path)
    except OSError as error:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        reason = error.strerror or str(error)
        raise UsageError(f"the file cannot be written: {reason}", where=str(path), do="Choose another --out.") from None
