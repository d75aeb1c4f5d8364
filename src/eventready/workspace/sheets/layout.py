"""Layout of the sheets: columns with the path of their key in an entry, and titles in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

from eventready.core.messages import LANGS, text
from eventready.workspace.sheets.spelling import Vocabulary, spellings

#: Form of a value: text, whole number, yes or no, list.
Form = Literal["text", "whole", "flag", "list"]


@dataclass(frozen=True)
class Column:
    """Column of a sheet. `path`: keys in an entry; `words`: vocabulary of its values; `width` in characters."""

    name: str
    path: tuple[str, ...]
    form: Form = "text"
    words: str = ""
    width: int = 18

    def header(self, lang: str) -> str:
        """Header in a language."""
        return text(f"workspace:column.{self.name}", lang)


@dataclass(frozen=True)
class Layout:
    """Sheet with its columns; `needed` ones must have a header and a value in every row."""

    name: str
    columns: tuple[Column, ...]
    needed: tuple[str, ...]

    def title(self, lang: str) -> str:
        """Title in a language."""
        return text(f"workspace:sheet.{self.name}", lang)

    def column(self, name: str) -> Column:
        """Column by name."""
        return next(column for column in self.columns if column.name == name)

    @property
    def headers(self) -> Vocabulary:
        """Vocabulary of the headers."""
        return _headers(self.name)


def _data(name: str, form: Form = "text", words: str = "", width: int = 18) -> Column:
    return Column(name, ("data", name), form, words, width)


#: Notes of a device by header: columns that the layout lacks.
NOTES = ("data", "x_notes")

DEVICES = Layout(
    "devices",
    (
        Column("name", (), width=20),
        Column("hostname", ("hostname",)),
        Column("platform", ("platform",), words="platform", width=20),
        _data("role", words="role", width=22),
        _data("venues", "list", "venue", 34),
        _data("services", "list", "service", 24),
        Column("groups", ("groups",), "list", "group", 16),
        Column("port", ("port",), "whole", width=10),
        Column("username", ("username",), width=22),
        Column("password", ("password",), width=24),
        Column("jump_host", ("data", "access", "jump_host"), words="bastion", width=20),
        _data("pair", width=16),
        _data("endpoint"),
        _data("element"),
        _data("allow_cleartext", "flag", "flag", 14),
    ),
    ("name", "hostname"),
)
LINKS = Layout(
    "links",
    (
        Column("device", ("device",), words="device", width=20),
        Column("device_port", ("port",), width=26),
        Column("other", ("other",), words="device", width=20),
        Column("other_port", ("to_port",), width=26),
    ),
    ("device", "device_port", "other", "other_port"),
)
PAIRS = Layout(
    "pairs",
    (
        Column("pair_name", ("pair",)),
        Column("device", ("device",), words="device", width=20),
        Column("other", ("other",), words="device", width=20),
    ),
    ("pair_name", "device"),
)
BASTIONS = Layout(
    "bastions",
    (
        Column("bastion_name", (), width=20),
        Column("hostname", ("hostname",)),
        Column("port", ("port",), "whole", width=10),
        Column("username", ("username",), width=22),
        Column("password", ("password",), width=24),
        Column("sessions", ("sessions",), "whole", width=10),
        Column("jump_host", ("access", "jump_host"), words="bastion", width=20),
    ),
    ("bastion_name", "hostname"),
)
WINDOWS = Layout(
    "windows",
    (
        Column("kind", ("kind",), words="kind", width=22),
        Column("title_vi", ("name_vi",), width=36),
        Column("title", ("name",), width=36),
        Column("from", ("from",), width=18),
        Column("to", ("to",), width=18),
    ),
    ("kind", "from", "to"),
)
DUTIES = Layout(
    "duties",
    (
        Column("id", ("id",), width=10),
        Column("vi", ("vi",), width=60),
        Column("en", ("en",), width=60),
        Column("applies_to", ("applies_to",), words="addressee", width=20),
        Column("owner", ("owner",), width=30),
        Column("deadline", ("deadline",), width=30),
        Column("due", ("due",), width=18),
        Column("checks", ("proof", "checks"), "list"),
        Column("proof_venues", ("proof", "venues"), "list", "venue", 30),
        Column("changes", ("proof", "changes"), "list"),
        Column("drills", ("proof", "drills"), "list"),
        Column("roster", ("proof", "roster"), "list"),
        Column("documents", ("proof", "documents"), "list", width=24),
        Column("attestation", ("proof", "attestation"), width=30),
        Column("not_applicable", ("not_applicable",), width=30),
    ),
    ("id", "vi", "en", "applies_to", "owner", "deadline"),
)

#: Layouts by name, in the order of a workbook.
LAYOUTS: Mapping[str, Layout] = {layout.name: layout for layout in (DEVICES, LINKS, PAIRS, BASTIONS, WINDOWS, DUTIES)}
#: Further sheets of a workbook, which are not read.
UNREAD = ("lists", "guide")


@cache
def _headers(layout: str) -> Vocabulary:
    columns = LAYOUTS[layout].columns
    further = spellings("columns")
    return Vocabulary({one.name: (*(one.header(lang) for lang in LANGS), *further[one.name]) for one in columns})


@cache
def titles() -> Vocabulary:
    """Vocabulary of the titles of sheets."""
    return Vocabulary({
        name: (*(text(f"workspace:sheet.{name}", lang) for lang in LANGS), *spellings("sheets")[name])
        for name in (*LAYOUTS, *UNREAD)
    })  # fmt: skip
