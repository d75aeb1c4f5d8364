"""Formats of a document, each rendered on demand, and their files, written whole."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from eventready.core.errors import UsageError
from eventready.core.files import write_atomic
from eventready.core.messages import message
from eventready.papers.document.model import Document
from eventready.papers.words import Form

_MAKERS: dict[Form, tuple[str, str]] = {
    "html": ("html", "to_html"),
    "docx": ("word", "to_docx"),
    "pdf": ("pdf", "to_pdf"),
    "xlsx": ("xlsx", "to_xlsx"),
    "md": ("markdown", "to_markdown"),
    "json": ("json_codec", "to_json"),
}


def render(document: Document, form: Form) -> bytes:
    """Return the document in a format. Raises UsageError for a format without support in this installation, LayoutError
    for a defect."""
    module, name = _MAKERS[form]
    try:
        made: bytes = getattr(import_module(f"eventready.papers.document.renderers.{module}"), name)(document)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("eventready"):
            raise
        raise UsageError(message("papers:error.package", form=form.upper(), package=error.name)) from None
    return made


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
