"""Where documents are written, and writing them so that a failure leaves the old one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from eventready.errors import UsageError
from eventready.files import write_whole

F = TypeVar("F", bound=str)


def targets(out: Path, run_id: str, lang: str, forms: Sequence[F]) -> dict[F, Path]:
    """The file for each form. `out` with a suffix is a file, which serves one form only. Raises UsageError."""
    if out.suffix and not out.is_dir():
        if len(forms) > 1:
            raise UsageError(f"{out} is one file, and {len(forms)} formats are wanted", do="Name a folder.")
        return {forms[0]: out}
    return {form: out / f"readiness-{run_id}.{lang}.{form}" for form in forms}


def write(path: Path, text: str) -> None:
    """Write the whole file as UTF-8, or leave the old one. Raises UsageError."""
    write_bytes(path, text.encode("utf-8", "backslashreplace"))


def write_bytes(path: Path, data: bytes) -> None:
    """Write the whole file or leave the old one, whatever happens in between. Raises UsageError."""
    write_whole(path, data, what="The report", do="Choose another --out.")
