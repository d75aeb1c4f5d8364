"""Run documents as compressed bytes in the database, and as files."""

from __future__ import annotations

import json
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from eventready.core.errors import StoreError, UsageError
from eventready.core.file_system.atomic_files import read_bounded
from eventready.core.messages import message
from eventready.core.process.gc import relaxed_gc
from eventready.core.strings.json_text import parse_json
from eventready.store.run import SCHEMA, Parts, Run

_LEVEL = 3
#: Largest file of a run: four times that of 1,000 devices.
_MOST_BYTES = 256_000_000
#: Beginning of the schema of every run.
_RUNS = "eventready.run/"


def compress(document: Mapping[str, Any]) -> bytes:
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
    """Load a run from a JSON file. Raises UsageError."""
    try:
        document = parse_json(read_bounded(path, _MOST_BYTES, "run"))
    except ValueError as error:
        raise UsageError(message("store:run.unreadable", reason=str(error)), where=str(path)) from None
    if not isinstance(document, dict) or not str(document.get("schema")).startswith(_RUNS):
        raise UsageError(message("store:run.other_schema", schema=SCHEMA), where=str(path))
    if (schema := document["schema"]) != SCHEMA:
        what = message("store:run.other_version", run_id=str(document.get("id")), schema=schema, own=SCHEMA)
        raise UsageError(what, where=str(path))
    return Run(document)


@contextmanager
def document_of(file: str) -> Iterator[None]:
    """Convert the errors of the block about parts of a run document into UsageError."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError):
        raise UsageError(message("store:run.other_schema", schema=SCHEMA), where=file) from None


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
