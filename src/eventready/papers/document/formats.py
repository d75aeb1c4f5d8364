"""Formats of a document, each rendered on demand."""

from __future__ import annotations

from importlib import import_module

from eventready.core.errors import UsageError
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
