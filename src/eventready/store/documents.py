"""A run document as bytes in the database, and as a file."""

from __future__ import annotations

import json
import tempfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from eventready.errors import UsageError
from eventready.run import SCHEMA, Parts, Run


def fold(document: Mapping[str, Any]) -> bytes:
    """The canonical bytes, compressed. Level 3 halves the time of level 6 and costs a fifth more room."""
    packer = zlib.compressobj(3)
    return b"".join([*map(packer.compress, Parts.of(document).pieces()), packer.flush()])


def unfold(data: bytes) -> dict[str, Any]:
    """The document behind `fold`. Raises zlib.error or ValueError."""
    document = json.loads(zlib.decompress(data))
    if not isinstance(document, dict):
        raise ValueError("a run document is an object")  # noqa: TRY004  callers treat it as damage
    return document


def load_run(path: Path) -> Run:
    """A run from a file that `runs show --output json` or a rescue wrote. Raises UsageError."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"The run document cannot be read: {error}", where=str(path)) from None
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise UsageError(f"This is not a run document ({SCHEMA})", where=str(path))
    return Run(document)


def rescue(run: Run, folder: Path | None) -> Path | None:
    """Put a run that the database did not take into the first folder that does; None when none does."""
    for place in (folder, Path.cwd(), Path(tempfile.gettempdir())):
        if place is None:
            continue
        path = place / f"run-{run.id}.json"
        try:
            path.write_text(run.json(), encoding="utf-8", errors="backslashreplace")
        except OSError:
            path.unlink(missing_ok=True)
            continue
        return path
    return None
