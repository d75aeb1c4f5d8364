"""Paths of documents, and atomic writing: a failure leaves the old file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from eventready.core.errors import UsageError
from eventready.core.files import write_atomic
from eventready.core.messages import message
from eventready.papers.words import Form


def targets(out: Path, stem: str, forms: Sequence[Form]) -> dict[Form, Path]:
    """Return the file for each format. `out` with a suffix is a file for a single format. Raises UsageError."""
    if out.suffix and not out.is_dir():
        if len(forms) > 1:
            raise UsageError(message("papers:error.one_file", out=str(out), number=len(forms)))
        return {forms[0]: out}
    return {form: out / f"{stem}.{form}" for form in forms}


def write_bytes(path: Path, data: bytes) -> None:
    """Write the whole file or leave the old file, also on an interruption. Raises UsageError."""
    write_atomic(path, data, what="The report", do=message("papers:error.unwritten"))
