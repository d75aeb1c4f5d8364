"""Choices of the commands of assurance: states, notices, services, formats."""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

#: State of a clause.
State: TypeAlias = Literal["done", "in_progress", "not_done", "not_applicable"]

#: Notices of incidents.
Addressee: TypeAlias = Literal["department", "police"]
How: TypeAlias = Literal["phone", "in_person", "email", "letter", "fax"]
Kind: TypeAlias = Literal["outage", "congestion", "security", "illegal_content", "postal", "accident", "other"]

ADDRESSEES: tuple[Addressee, ...] = get_args(Addressee)
HOWS: tuple[How, ...] = get_args(How)
KINDS: tuple[Kind, ...] = get_args(Kind)

#: What people can be touched by; `postal` beside the services of a venue.
SERVICES = ("fixed", "internet", "mobile", "wifi", "postal")

#: Section of a paper for a person's words.
NoteSection: TypeAlias = Literal["done", "capacity", "proposals", "lessons"]
NOTE_SECTIONS: tuple[NoteSection, ...] = get_args(NoteSection)

#: Format of a document.
Form: TypeAlias = Literal["html", "docx", "pdf", "xlsx", "md", "json"]

FORMS: tuple[Form, ...] = get_args(Form)

#: Forms that are text, and may go to stdout.
TEXTS: frozenset[Form] = frozenset({"html", "md", "json"})
