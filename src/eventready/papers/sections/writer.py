"""A paper in writing: sentences of the catalogue, the office's texts, and the frame of every paper."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime

from eventready.core.language import Language
from eventready.core.messages import Lang, Text, render
from eventready.drawing.svg import width
from eventready.papers.dates import bound, fit, formal_date, long_moment, short_date, short_moment
from eventready.papers.document.masking import masked
from eventready.papers.document.model import (
    Addressee,
    Annex,
    Block,
    Bullets,
    Closing,
    Document,
    Heading,
    Letterhead,
    MailReference,
    Paragraph,
    Span,
    Table,
    Title,
    paragraph,
)
from eventready.papers.document.profile import NAMESPACE, PaperTemplate, Profile, StandingText, filled
from eventready.papers.document.registry import KINDS
from eventready.papers.document.sources import BLANK, OUTLINE, cited
from eventready.papers.material.material import Material
from eventready.papers.words import NoteSection

#: Letters of points; f, j, w, z are not of the alphabet, and letters with marks beside d are not used.
LETTERS = "abcdđeghiklmnopqrstuvxy"
ENGLISH = "abcdefghijklmnopqrstuvwxyz"
_ROMAN = ((10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"))


def roman(number: int) -> str:
    """A small number as a Roman numeral."""
    numeral = ""
    for value, letters in _ROMAN:
        while number >= value:
            numeral, number = numeral + letters, number - value
    return numeral


class Outline:
    """Counts headings as they are made."""

    def __init__(self, letters: str = LETTERS) -> None:
        self._letters = letters
        self._section = self._clause = self._point = 0

    def section(self, title: str) -> Heading:
        """I. in capitals."""
        self._section, self._clause, self._point = self._section + 1, 0, 0
        return Heading(1, f"{roman(self._section)}. {title.upper()}")

    def clause(self, title: str) -> Heading:
        """1."""
        self._clause, self._point = self._clause + 1, 0
        return Heading(2, f"{self._clause}. {title}")

    def point(self, title: str) -> Heading:
        """a)"""
        self._point += 1
        return Heading(3, f"{self._letters[self._point - 1]}) {title}")


#: The left column of the letterhead in mm, in which names are broken.
_COLUMN = 67.0

#: Widths of the urgency stamps in mm; they are 8 mm high.
STAMPS = {"HỎA TỐC": 30.0, "THƯỢNG KHẨN": 40.0, "KHẨN": 20.0}


class PaperWriter:
    """Writes the blocks of a paper; every text from outside is cleaned."""

    def __init__(self, kind: str, material: Material, profile: Profile, lang: Lang, *, draft: bool = False) -> None:
        self.kind = KINDS[kind]
        self.material = material
        self.profile = profile
        self.lang: Lang = lang
        self.language = Language(lang)
        self.outline = Outline(ENGLISH if lang == "en" else LETTERS)
        self.paper: PaperTemplate = profile.papers[kind]
        self.values = self._general()
        self.mark = self._mark(draft=draft)
        self._annexes: list[Annex] = []
        self._sheets: list[tuple[str, Table]] = []

    def _general(self) -> dict[str, str]:
        event, week = self.material.event, self.material.week
        values = {
            "event": event.title.render(self.lang),
            "enterprise": event.enterprise,
            "organiser": (event.organiser_vi if self.lang == "vi" else event.organiser) or event.organiser,
            "recipient": event.recipient.title.render(self.lang),
            "province": event.province,
            "place": event.place,
            "short": event.abbreviation,
            "parent": event.office.parent,
            "symbol": self.paper.symbol,
            "moment": self.moment(self.material.moment),
            "today": self.day(self.material.moment),
            "month": str(self.material.moment.month),
            "year": str(self.material.moment.year),
            "week_first": self.day(week.first),
            "week_last": self.day(week.last),
            "next_first": self.day(week.due),
            "next_last": self.day(week.next_last),
        }
        values = {key: fit(value) for key, value in values.items()}
        return {**values, "symbol": filled(values["symbol"], values)}

    def _mark(self, *, draft: bool) -> str:
        word = "papers:mark_trial" if self.kind.minutes else "papers:mark_rehearsal"
        marks = [self.text(word)] if self.material.rehearsal else []
        return " - ".join([*marks, *([self.text("papers:mark_draft")] if draft else [])])

    # ---- texts

    def text(self, msgid: str, /, **params: object) -> str:
        """A sentence of the catalogue, or the office's instead; whole numbers are grouped, moments in words."""
        values = {**self.values, **{name: self._value(value) for name, value in params.items()}}
        own = self.profile.wording.get(msgid.removeprefix(f"{NAMESPACE}:"))
        sentence = filled(own, values) if own is not None else render(msgid, values, self.lang)
        return bound(unicodedata.normalize("NFC", sentence))

    def term(self, family: str, key: str) -> str:
        """The word of a family for a key."""
        return self.text(f"{family}.{key}")

    def _value(self, value: object) -> str:
        if isinstance(value, datetime):
            return self.moment(value)
        if isinstance(value, date):
            return self.day(value)
        if isinstance(value, int | float):
            return self.language.number(value)
        return fit(value)

    def office(self, text: str) -> str:
        """A text of the profile with its values."""
        return bound(unicodedata.normalize("NFC", filled(text, self.values)))

    def day(self, day: date) -> str:
        """A date."""
        return short_date(day, self.lang)

    def moment(self, moment: datetime, *, short: bool = False) -> str:
        """A moment, in words or short for a table."""
        return short_moment(moment, self.lang) if short else long_moment(moment, self.lang)

    def duration(self, minutes: int) -> str:
        """Minutes as minutes, hours or days."""
        hours, days = minutes // 60, minutes // 1440
        if hours < 2:
            return self.text("papers:minutes", count=minutes)
        if days < 2:
            return self.text("papers:hours", hours=hours, minutes=minutes % 60)
        return self.text("papers:days", days=days, hours=hours % 24)

    # ---- blocks

    def p(self, msgid: str, /, **params: object) -> Paragraph:
        """Return a paragraph of a single sentence of the catalogue."""
        return paragraph(self.text(msgid, **params))

    def note(self, msgid: str, /, **params: object) -> Paragraph:
        """Return a note of a single sentence of the catalogue."""
        return paragraph(self.text(msgid, **params), "note")

    def paragraphs(self, texts: Iterable[str]) -> list[Block]:
        """Paragraphs of texts of the profile."""
        return [paragraph(self.office(text), source=OUTLINE) for text in texts]

    def standing(self, texts: Iterable[StandingText]) -> list[Block]:
        """Return the office's texts with all clauses done."""
        done = {clause.duty.id for clause in self.material.clauses or () if clause.state == "done"}
        return self.paragraphs(one.text for one in texts if set(one.when) <= done)

    def noted(self, section: NoteSection) -> list[Block]:
        """People's notes to a section of this week; of all weeks in the summary."""
        return [
            paragraph(fit(note.text), source=note.source)
            for note in self.material.notes
            if note.section == section and (self.kind.of_event or note.week == self.material.week.due)
        ]

    @staticmethod
    def blank() -> Block:
        """Return a line to be filled in by hand."""
        return paragraph("." * 60, source=BLANK)

    @property
    def run(self) -> str:
        """Source of measurements: the run of the paper, `run -` without any."""
        return f"run {self.material.run.id}" if self.material.run else "run -"

    def bullets(self, items: Iterable[str]) -> list[Block]:
        """A list; no block without items."""
        made = tuple((Span(fit(item)),) for item in items)
        return [Bullets(made)] if made else []

    # ---- frame

    def head(self) -> list[Block]:
        """Letterhead, title, addressees and opening."""
        office, paper = self.profile.office, self.paper
        size = self.profile.page.country
        urgency = self.office(paper.urgency).upper()
        blocks: list[Block] = [
            Letterhead(
                parent=_broken(self.values["parent"].upper(), size, bold=False),
                issuer=_broken(self.office(office.issuer).upper(), size, bold=True),
                country=self.office(office.country),
                motto=self.office(office.motto),
                number=self.text("papers:number"),
                place_date=self._place_and_date(),
                urgency=urgency,
                stamp=STAMPS.get(urgency, 40.0) if urgency else 0,
            ),
            Title(self.office(paper.kind).upper(), tuple(self.office(line) for line in paper.titles)),
        ]
        if paper.addressees:
            names = tuple(self.office(name) for name in paper.addressees)
            blocks.append(Addressee(self.text("papers:addressed"), _listed(names)))
        if self.material.rehearsal:
            blocks += cited("clock", [self.note("papers:trial" if self.kind.minutes else "papers:rehearsal")])
        return [*blocks, *self.paragraphs(paper.opening)]

    def _place_and_date(self) -> str:
        """Place and date of issue; minutes state theirs in the text (Decree 30/2020/NĐ-CP, form 1.10)."""
        if self.kind.minutes:
            return ""
        return self.text("papers:place_date", date=formal_date(self.material.moment.date(), self.lang))

    def close(self, *, secretary: str = "", chair: str = "") -> list[Block]:
        """Last sentence, recipients and signature; of minutes, the signatures of `secretary` and `chair`."""
        paper = self.paper
        recipients = tuple(f"- {self.office(line)}" for line in paper.recipients)
        closing = Closing(
            label=self.text("papers:recipients") if recipients else "",
            recipients=recipients,
            authority=tuple(self.office(line).upper() for line in paper.signers),
            name=fit(chair) or self.office(paper.signed_by),
            secretary=tuple(self.office(line).upper() for line in paper.secretary),
            secretary_name=fit(secretary),
        )
        return [*self.paragraphs(paper.closing), closing]

    def annex(self, title: str, blocks: Sequence[Block], *, landscape: bool = False) -> str:
        """Add an annex; return the label for references in the text."""
        label = self.text("papers:annex", number=roman(len(self._annexes) + 1))
        reference = self.text(
            "papers:annex_reference",
            kind=self.office(self.paper.kind),
            date=formal_date(self.material.moment.date(), self.lang),
        )
        self._annexes.append(Annex(label, title.upper(), reference, tuple(blocks), landscape))
        return label

    def sheet(self, heading: str, table: Table, source: str) -> None:
        """Add a table for the workbook only."""
        self._sheets.append((heading, replace(table, source=source)))

    def document(
        self, blocks: Sequence[Block], *, landscape: bool = False, name: str = "",
        mail: MailReference | None = None, notices: Iterable[Text] = (),
    ) -> Document:  # fmt: skip
        """The finished paper. Phone numbers are masked except those of the duty list and of the recipient."""
        title = " - ".join([self.office(self.paper.kind), *map(self.office, self.paper.titles)])
        made = Document(
            kind=self.kind.name,
            lang=self.lang,
            title=title,
            stem=self._stem(name),
            blocks=tuple(blocks),
            annexes=tuple(self._annexes),
            page=self.profile.page,
            landscape=landscape,
            sheets=tuple(self._sheets),
            mark=self.mark,
            mail=mail or MailReference(due=self.material.week.due if self.kind.of_week else None),
            notices=tuple(notices),
        )
        return made if "version" in self.kind.needs else masked(made, (self.material.event.recipient.phone,))

    def _stem(self, name: str) -> str:
        """The file's name: ASCII, with the day of the paper."""
        day = self.material.week.due if self.kind.of_week else self.material.moment.date()
        short = self.material.event.abbreviation
        parts = [self.term("papers:file", self.kind.name), *([name] if name else []), f"{day:%Y-%m-%d}", short]
        return "_".join(ascii_name(part) for part in parts)


def ascii_name(text: str) -> str:
    """Return a text as part of a file name, in ASCII for every mail system."""
    plain = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    kept = plain.encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9._-]+", "-", kept).strip("-.") or "x"


def _listed(names: tuple[str, ...]) -> tuple[str, ...]:
    """Several addressees: a hyphen before each, semicolons between, a full stop at the end."""
    if len(names) < 2:
        return names
    return (*(f"- {name};" for name in names[:-1]), f"- {names[-1]}.")


def _broken(text: str, size: float, *, bold: bool) -> tuple[str, ...]:
    """Return a name as the fewest lines for the left column, of about the same length; `|` breaks a line."""
    return tuple(line for part in text.split("|") for line in _fitted(part.split(), size, bold=bold))


def _fitted(words: Sequence[str], size: float, *, bold: bool) -> tuple[str, ...]:
    if not words:
        return ()
    whole = width(" ".join(words), size, bold=bold)
    for wanted in range(1, len(words) + 1):
        room = max(whole / wanted, *(width(word, size, bold=bold) for word in words))
        for slack in (1.0, 1.15, 1.3, 1.5):
            lines = _wrapped(words, room * slack, size, bold=bold)
            if len(lines) <= wanted and all(width(line, size, bold=bold) <= _COLUMN for line in lines):
                return tuple(lines)
    return tuple(_wrapped(words, _COLUMN, size, bold=bold))


def _wrapped(words: Sequence[str], room: float, size: float, *, bold: bool) -> list[str]:
    lines = [words[0]]
    for word in words[1:]:
        longer = f"{lines[-1]} {word}"
        if width(longer, size, bold=bold) <= room:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines
