"""The forms in which a document is handed over, each rendered when it is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import Literal, TypeAlias, get_args

from eventready.errors import UsageError
from eventready.report.document.model import Document

Form: TypeAlias = Literal["docx", "pdf", "xlsx", "md", "json"]

FORMS: tuple[Form, ...] = get_args(Form)

#: Forms that are text, and may go to stdout.
TEXTS: frozenset[Form] = frozenset({"md", "json"})

_MAKERS: dict[Form, tuple[str, str]] = {
    "docx": ("docx", "to_docx"),
    "pdf": ("pdf", "to_pdf"),
    "xlsx": ("xlsx", "to_xlsx"),
    "md": ("markdown", "to_markdown"),
    "json": ("plain", "to_json"),
}


def render(document: Document, form: Form) -> bytes:
    """The document in a form. Raises UsageError where this installation cannot make it, LayoutError for a defect."""
    module, name = _MAKERS[form]
    try:
        maker = getattr(import_module(f"eventready.report.document.{module}"), name)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("eventready"):
            raise
        raise UsageError(
            f"{form.upper()} needs the package {error.name!r}, which is not installed",
            do="Install `eventready[documents]`, or choose --format md,json.",
        ) from None
    made: bytes = maker(document)
    return made
