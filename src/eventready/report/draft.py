"""A paper being written: the office's words filled in, and the parts that every paper begins and ends with."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from eventready.report.dates import bound, count, fit, formal_date, long_moment, short_date, short_moment
from eventready.report.document.masking import masked
from eventready.report.document.metrics import width
from eventready.report.document.model import (
    Addressee,
    Annex,
    Block,
    Bullets,
    Closing,
    Document,
    Letterhead,
    Page,
    PaperKind,
    Paragraph,
    Span,
    Title,
)
from eventready.report.document.profile import Paper, Profile, filled
from eventready.report.language import Language
from eventready.report.material import Material
from eventready.report.outline import Outline, roman
from eventready.report.words import Lang

#: The left column of the letterhead in mm, in which names are broken.
_COLUMN = 67.0

#: Widths of the stamps in mm; they are 8 mm high.
STAMPS = {"HỎA TỐC": 30.0, "THƯỢNG KHẨN": 40.0, "KHẨN": 20.0}


class Draft:
    """Says things in the words of the profile; whatever comes from outside is cleaned on the way."""

    def __init__(self, kind: PaperKind, material: Material, profile: Profile, lang: Lang) -> None:
        self.kind: PaperKind = kind
        self.material = material
        self.profile = profile
        self.lang: Lang = lang
        self.language = Language(lang)
        self.outline = Outline()
        self.paper: Paper = getattr(profile.papers, kind)
        self.values = self._general()
        self._annexes: list[Annex] = []

    def _general(self) -> dict[str, str]:
        event, week = self.material.event, self.material.week
        vi = self.lang == "vi"
        recipient = event.recipient
        values = {
            "event": (event.name_vi if vi else event.name) or event.name,
            "enterprise": event.enterprise,
            "organiser": (event.organiser_vi if vi else event.organiser) or event.organiser,
            "recipient": (recipient.name_vi if vi else recipient.name) or recipient.name,
            "place": self.profile.office.place,
            "short": self.profile.office.short,
            "parent": self.profile.office.parent,
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

    # ---- words

    def say(self, key: str, **values: object) -> str:
        """A sentence of the wording. Whole numbers are grouped, others get the language's decimal sign."""
        said = {name: self._value(value) for name, value in values.items()}
        return bound(unicodedata.normalize("NFC", self.profile.text(key, {**self.values, **said})))

    def _value(self, value: object) -> str:
        if isinstance(value, datetime):
            return self.moment(value)
        if isinstance(value, date):
            return self.day(value)
        if isinstance(value, int):
            return count(value, self.lang)
        if isinstance(value, float):
            return self.language.number(value)
        return fit(value)

    def office(self, text: str) -> str:
        """A text of the profile that stands outside the wording."""
        return bound(unicodedata.normalize("NFC", filled(text, self.values)))

    def day(self, day: date) -> str:
        """A date."""
        return short_date(day, self.lang)

    def moment(self, moment: datetime, *, short: bool = False) -> str:
        """A moment, in a sentence or short in a table."""
        return short_moment(moment, self.lang) if short else long_moment(moment, self.lang)

    # ---- blocks

    def p(self, key: str, **values: object) -> Paragraph:
        """A paragraph of one sentence of the wording."""
        return Paragraph((Span(self.say(key, **values)),))

    def note(self, key: str, **values: object) -> Paragraph:
        """The same, small and slanted, under a table."""
        return Paragraph((Span(self.say(key, **values)),), "note")

    def paragraphs(self, texts: Iterable[str]) -> list[Block]:
        """Paragraphs of the profile's own texts."""
        return [Paragraph((Span(self.office(text)),)) for text in texts]

    def bullets(self, items: Iterable[str]) -> list[Block]:
        """Points; none without items."""
        made = tuple((Span(fit(item)),) for item in items)
        return [Bullets(made)] if made else []

    # ---- the frame

    def head(self) -> list[Block]:
        """Letterhead, title, addressee."""
        office, paper = self.profile.office, self.paper
        size = self.profile.page.country
        urgency = self.office(paper.urgency).upper()
        blocks: list[Block] = [
            Letterhead(
                parent=_broken(self.office(office.parent).upper(), size, bold=False),
                issuer=_broken(self.office(office.issuer).upper(), size, bold=True),
                country=self.office(office.country),
                motto=self.office(office.motto),
                number=self.say("number"),
                place_date=self.say("place_date", date=formal_date(self._local_day(), self.lang)),
                urgency=urgency,
                stamp=STAMPS.get(urgency, 40.0) if urgency else 0,
            ),
            Title(self.office(paper.kind).upper(), tuple(self.office(line) for line in paper.titles)),
        ]
        if paper.addressees:
            names = tuple(self.office(name) for name in paper.addressees)
            blocks.append(Addressee(self.say("addressed"), _listed(names)))
        if self.material.rehearsal:
            blocks.append(self.note("rehearsal"))
        return [*blocks, *self.paragraphs(paper.opening)]

    def close(self) -> list[Block]:
        """The last sentence, who receives it, who signs."""
        paper = self.paper
        recipients = tuple(f"- {self.office(line)}" for line in paper.recipients)
        closing = Closing(
            label=self.say("recipients") if recipients else "",
            recipients=recipients,
            authority=tuple(self.office(line).upper() for line in paper.signers),
            name=self.office(paper.signed_by),
        )
        return [*self.paragraphs(paper.closing), closing]

    def annex(self, title_key: str, blocks: Sequence[Block], *, landscape: bool = False) -> str:
        """Put an annex behind the paper; the name by which the text refers to it."""
        label = self.say("annex", number=roman(len(self._annexes) + 1))
        reference = self.say(
            "annex_reference", kind=self.office(self.paper.kind), date=formal_date(self._local_day(), self.lang)
        )
        title = self.say(title_key).upper()
        self._annexes.append(Annex(label, title, reference, tuple(blocks), landscape))
        return label

    def document(self, blocks: Sequence[Block], *, landscape: bool = False, name: str = "") -> Document:
        """The finished paper."""
        page = Page(**self.profile.page.model_dump())
        title = " - ".join([self.office(self.paper.kind), *map(self.office, self.paper.titles)])
        made = Document(
            kind=self.kind,
            lang=self.lang,
            title=title,
            stem=self._stem(name),
            blocks=tuple(blocks),
            annexes=tuple(self._annexes),
            page=page,
            landscape=landscape,
        )
        return made if self.kind == "roster" else masked(made)

    def _stem(self, name: str) -> str:
        """The file's name: ASCII, with the day that the paper is of."""
        day = self.material.week.due if self.kind == "weekly" else self._local_day()
        parts = [self.say(f"file_{self.kind}"), *([name] if name else []), f"{day:%Y-%m-%d}", self.profile.office.short]
        return "_".join(ascii_name(part) for part in parts)

    def _local_day(self) -> date:
        return self.material.moment.date()

    def mapping(self, keys: Iterable[str], prefix: str) -> Mapping[str, str]:
        """Words of the wording by their short keys."""
        return {key: self.say(f"{prefix}_{key}") for key in keys}


def ascii_name(text: str) -> str:
    """A text as part of a file's name that every mail system carries."""
    plain = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    kept = plain.encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9._-]+", "-", kept).strip("-.") or "x"


def _listed(names: tuple[str, ...]) -> tuple[str, ...]:
    """Several addressees: a hyphen before each, semicolons between, a full stop at the end."""
    if len(names) < 2:
        return names
    return (*(f"- {name};" for name in names[:-1]), f"- {names[-1]}.")


def _broken(text: str, size: float, *, bold: bool) -> tuple[str, ...]:
    """A name as the fewest lines that fit the left column, of about the same length."""
    words = text.split()
    if not words:
        return ()
    for wanted in range(1, len(words) + 1):
        room = max(width(text, size, bold=bold) / wanted, *(width(word, size, bold=bold) for word in words))
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
