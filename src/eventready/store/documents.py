"""A run document as bytes in the database, and as a file."""

from __future__ import annotations

import json
import tempfile
import zlib
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from eventready.collector import calm
from eventready.errors import UsageError
from eventready.run import SCHEMA, Parts, Run

_LEVEL = 3
#: What a zlib stream of this level begins with; it ends with the Adler-32 of its content.
_HEAD = zlib.compress(b"", _LEVEL)[:2]


def fold(document: Mapping[str, Any]) -> bytes:
    """The canonical bytes, compressed as one zlib stream.

    Level 3 halves the time of level 6 and costs a fifth more room. A thousand devices say 70 MB: two threads halve it
    again, each with its half of the pieces, since zlib lets go of the interpreter.
    """
    pieces = tuple(Parts.of(document).pieces())
    half = len(pieces) // 2
    with ThreadPoolExecutor(1) as other:
        ending = other.submit(_deflated, pieces[half:], zlib.Z_FINISH)
        beginning = _deflated(pieces[:half], zlib.Z_FULL_FLUSH)
    check = 1
    for piece in pieces:
        check = zlib.adler32(piece, check)
    return b"".join([_HEAD, *beginning, *ending.result(), check.to_bytes(4, "big")])


def _deflated(pieces: Iterable[bytes], end: int) -> list[bytes]:
    """A part of a deflate stream: the last, or one behind which another may stand."""
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    return [*map(packer.compress, pieces), packer.flush(end)]


@calm()
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
