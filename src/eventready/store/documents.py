"""Run documents as compressed bytes in the database, and as files."""

from __future__ import annotations

import json
import tempfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from eventready.core.errors import StoreError, UsageError
from eventready.core.files import read_bounded
from eventready.core.messages import message
from eventready.core.records import ShapeError
from eventready.core.strings.json_text import canonical, parse_json
from eventready.core.this_process import relaxed_gc
from eventready.store.run import Run
from eventready.store.run_parts import Parts
from eventready.store.run_records import RUN

_LEVEL = 3
#: Largest file of a run: four times that of 1,000 devices.
_MOST_BYTES = 256_000_000


def compress(document: Parts | Mapping[str, object]) -> bytes:
    """Compress the canonical bytes into a zlib stream.

    Level 3 takes half the time of level 6 for a fifth more space.
    """
    packer = zlib.compressobj(_LEVEL)
    return b"".join([*map(packer.compress, Parts.of(document).pieces()), packer.flush()])


@relaxed_gc()
def decompress(data: bytes) -> dict[str, Any]:
    """Decompress a document. Raises zlib.error or ValueError."""
    document = json.loads(zlib.decompress(data))
    if not isinstance(document, dict):
        raise ValueError("a run document is an object")  # noqa: TRY004  callers treat it as damage
    return document


def load_run(path: Path) -> Run:
    """Load a run from a JSON file. Raises UsageError, with the field of another shape."""
    try:
        document = parse_json(read_bounded(path, _MOST_BYTES, "run"))
        record = RUN.read_plain(document)
    except ShapeError as error:
        raise UsageError(message("store:run.unreadable", reason=error.sentence), where=str(path)) from None
    except ValueError as error:
        raise UsageError(message("store:run.unreadable", reason=str(error)), where=str(path)) from None
    if not record.id:
        nameless = message("workspace:missing", name="'id'")
        raise UsageError(message("store:run.unreadable", reason=nameless), where=str(path))
    return Run(Parts.split(canonical(document)))


def save_unstored_run(run: Run, folder: Path | None) -> Path | None:
    """Write a run rejected by the database into the first writable folder; None without a writable folder."""
    for place in (folder, Path.cwd(), Path(tempfile.gettempdir())):
        if place is None:
            continue
        path = place / f"run-{run.id}.json"
        try:
            path.touch(mode=0o600)
            with path.open("wb") as file:
                file.writelines(run.json())
        except (OSError, StoreError):
            path.unlink(missing_ok=True)
            continue
        return path
    return None
