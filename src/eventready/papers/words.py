"""Choices of a paper: sections for notes, and formats."""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

#: Section of a paper for a person's words.
NoteSection: TypeAlias = Literal["done", "capacity", "proposals", "lessons"]
NOTE_SECTIONS: tuple[NoteSection, ...] = get_args(NoteSection)

#: Format of a document.
Form: TypeAlias = Literal["html", "docx", "pdf", "xlsx", "md", "json"]

FORMS: tuple[Form, ...] = get_args(Form)

#: Forms that are text, and may go to stdout.
TEXTS: frozenset[Form] = frozenset({"html", "md", "json"})
