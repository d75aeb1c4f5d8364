"""The province's report for the People's Committee, in the document model: what all operators together say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from eventready.clock import TZ
from eventready.delivery.bundle import Bundle, Wanted
from eventready.delivery.overview import Row, row, squares
from eventready.delivery.receive import Received
from eventready.delivery.wording import Wording
from eventready.report.dates import count, formal_date, long_moment, short_moment
from eventready.report.document.masking import masked
from eventready.report.document.model import (
    Addressee,
    Align,
    Annex,
    Block,
    Bullets,
    Closing,
    Column,
    Document,
    Kind,
    Letterhead,
    Paragraph,
    Span,
    Table,
    Title,
)
from eventready.report.draft import ascii_name
from eventready.report.language import Language, clean
from eventready.report.outline import Outline, roman
from eventready.report.words import Lang

#: Findings named of one operator; its own report has all of them.
NAMED = 100


def province(received: Received, wanted: Wanted, wording: Wording, lang: Lang = "vi") -> Document:
    """The report. Pure: the same bundles at the same moment give the same document."""
    return _Province(received, wanted, wording, lang).document()


class _Province:
    def __init__(self, received: Received, wanted: Wanted, wording: Wording, lang: Lang) -> None:
        self.received, self.wanted, self.say, self.lang = received, wanted, wording.say, lang
        self.bundles = received.bundles
        self.rows = tuple(row(bundle) for bundle in self.bundles)
        self.language = Language(lang)
        self.outline = Outline()

    def document(self) -> Document:
        day = self.wanted.moment.astimezone(TZ).date()
        title = self.say("title", event=self._event())
        made = Document(
            kind="province",
            lang=self.lang,
            title=f"{self.say('kind')} - {title}",
            stem=ascii_name(f"{self.say('file')}_{day:%Y-%m-%d}"),
            blocks=(*self._head(title), *self._body(), *self._close()),
            annexes=tuple(self._annexes()),
        )
        return masked(made)

    def _event(self) -> str:
        manifest = self.bundles[0].manifest
        named = self.bundles[0].run.event_vi if self.lang == "vi" else self.bundles[0].run.event_en
        return clean(named or manifest.event)

    def _date(self) -> str:
        return formal_date(self.wanted.moment.astimezone(TZ).date(), self.lang)

    def _p(self, key: str, **values: object) -> Paragraph:
        return Paragraph((Span(self.say(key, **values)),))

    def _bullets(self, items: Iterable[str]) -> list[Block]:
        made = tuple((Span(item),) for item in items)
        return [Bullets(made)] if made else []

    def _head(self, title: str) -> Iterator[Block]:
        yield Letterhead(
            parent=tuple(self.say("parent").upper().split("|")),
            issuer=tuple(self.say("issuer").upper().split("|")),
            country=self.say("country"),
            motto=self.say("motto"),
            number=self.say("number"),
            place_date=self.say("place_date", date=self._date()),
        )
        yield Title(self.say("kind").upper(), (title,))
        yield Addressee(self.say("addressed"), (self.say("addressee"),))
        if self.wanted.rehearsal:
            yield Paragraph((Span(self.say("rehearsal")),), "note")
        yield self._p("opening", moment=long_moment(self.wanted.moment, self.lang), event=self._event())

    def _close(self) -> Iterator[Block]:
        yield self._p("closing")
        recipients = tuple(line for line in self.say("recipients").split("|") if line)
        yield Closing(self.say("recipients_label"), recipients, (self.say("authority").upper(),))

    def _body(self) -> Iterator[Block]:
        section = self.outline.section
        yield section(self.say("head_overall"))
        yield from self._overall()
        yield section(self.say("head_services"))
        yield from self._services()
        yield section(self.say("head_duty"))
        yield from self._bullets(self._roster(bundle) for bundle in self.bundles)
        yield section(self.say("head_incidents"))
        yield from self._incidents()
        yield section(self.say("head_open"))
        left = [self._open(one) for one in self.rows if one.fail or one.unmeasured or one.late or one.not_done]
        yield from self._bullets(left) or [self._p("open_none")]
        proposals = self.say("proposals")
        yield section(self.say("head_proposals"))
        yield Paragraph((Span(proposals or "…………………………………………"),))

    def _overall(self) -> Iterator[Block]:
        yield self._p("counted", count=len(self.bundles))
        if self.received.silent:
            yield self._p("silent", names=", ".join(self.received.silent))
        if self.received.refused:
            yield self._p("refused", count=len(self.received.refused))
        columns = (
            ("verdict", 2.2),
            ("coverage", 1.4),
            ("fail", 1.2),
            ("unmeasured", 1.4),
            ("clauses", 1.4),
            ("late", 1.2),
        )
        more = ("gaps", 1.4), ("incidents", 1.2)  # fmt: skip
        yield Table(
            name=self.say("caption_operators"),
            columns=(
                self._column("no", 0.8, "center", "number"),
                self._column("operator", 3),
                *(self._column(key, weight, "center") for key, weight in (*columns, *more)),
            ),
            rows=tuple((str(number), *self._cells(one)) for number, one in enumerate(self.rows, 1)),
            caption=self.say("caption_operators"),
        )
        yield Paragraph((Span(self.say("note_measured")),), "note")

    def _cells(self, one: Row) -> tuple[str, ...]:
        checked = one.verdict is not None
        return (
            clean(one.operator),
            self.language.verdict(one.verdict) if one.verdict else self.say("no_run"),
            self.language.percent(one.ratio) if checked else "-",
            count(one.fail, self.lang) if checked else "-",
            count(one.unmeasured, self.lang) if checked else "-",
            f"{one.done}/{one.clauses}",
            str(one.late),
            count(one.gaps, self.lang) if one.gaps is not None else "-",
            str(one.incidents),
        )

    def _services(self) -> Iterator[Block]:
        found = squares(self.bundles, vietnamese=self.lang == "vi")
        if not found:
            yield self._p("no_verdicts")
            return
        none = [self.say("not_offered") if bundle.run.present else self.say("no_run") for bundle in self.bundles]
        yield Table(
            name=self.say("caption_services"),
            columns=(
                self._column("venue", 3),
                self._column("service", 1.6),
                *(Column(clean(bundle.operator), 2, "center") for bundle in self.bundles),
            ),
            rows=tuple(
                (
                    clean(square.venue),
                    self.language.service(square.service),
                    *(
                        self.language.verdict(v) if v else instead
                        for v, instead in zip(square.verdicts, none, strict=True)
                    ),
                )
                for square in found
            ),
            caption=self.say("caption_services"),
        )

    def _roster(self, bundle: Bundle) -> str:
        roster, operator = bundle.roster, bundle.operator
        if not roster.present:
            return self.say("roster_none", operator=operator)
        gaps = {role: minutes for role, minutes in roster.gaps.items() if minutes}
        if gaps:
            roles = ", ".join(self.say(f"role_{role}") for role in gaps if role in ("LD", "DH", "CA", "UC", "VH"))
            return self.say("roster_gaps", operator=operator, minutes=count(sum(gaps.values()), self.lang), roles=roles)
        if roster.errors:
            return self.say("roster_wrong", operator=operator, errors=roster.errors)
        start, end = (self.language.moment(moment) for moment in (roster.start, roster.end))
        return self.say("roster_full", operator=operator, start=start, end=end)

    def _incidents(self) -> Iterator[Block]:
        happened = [(bundle.operator, one) for bundle in self.bundles for one in bundle.incidents.incidents]
        if not happened:
            yield self._p("incidents_none")
            return
        yield self._p(
            "incidents",
            count=len(happened),
            open=sum(one.open_incidents for one in self.rows),
            overdue=sum(one.overdue for one in self.rows),
        )
        weights = (
            ("operator", 2),
            ("began", 1.6),
            ("restored", 1.6),
            ("place", 2.2),
            ("subscribers", 1.3),
            ("summary", 3),
        )
        yield Table(
            name=self.say("caption_incidents"),
            columns=(self._column("no", 0.8, "center", "number"), *(self._column(key, w) for key, w in weights)),
            rows=tuple(
                (
                    str(number),
                    clean(operator),
                    self._moment(one.began),
                    self._moment(one.restored) if one.restored else self.say("not_restored"),
                    clean(one.place or one.venue),
                    count(one.subscribers, self.lang) if one.subscribers is not None else self.say("unknown"),
                    clean(". ".join(text for text in (one.summary, one.cause) if text)),
                )
                for number, (operator, one) in enumerate(sorted(happened, key=lambda pair: pair[1].began), 1)
            ),
            caption=self.say("caption_incidents"),
        )

    def _open(self, one: Row) -> str:
        return self.say(
            "open_operator", operator=one.operator, fail=count(one.fail, self.lang),
            unmeasured=count(one.unmeasured, self.lang), late=one.late, not_done=one.not_done,
        )  # fmt: skip

    def _annexes(self) -> Iterator[Annex]:
        parts: tuple[tuple[str, list[Block]], ...] = (
            ("annex_clauses", [self._clauses()]),
            ("annex_findings", list(self._findings())),
        )
        for number, (key, blocks) in enumerate(parts, 1):
            yield Annex(
                label=self.say("annex", number=roman(number)),
                title=self.say(key).upper(),
                reference=self.say("annex_reference", date=self._date()),
                blocks=tuple(blocks),
                landscape=True,
            )

    def _clauses(self) -> Table:
        named = {
            c.clause: (c.vi if self.lang == "vi" else c.en or c.vi) for b in self.bundles for c in b.duties.clauses
        }
        states = [{clause.clause: clause for clause in bundle.duties.clauses} for bundle in self.bundles]

        rows = []
        for name, text in named.items():
            cells = []
            for by_name in states:
                clause = by_name.get(name)
                late = f" {self.say('state_late')}" if clause and clause.late else ""
                cells.append(self.say(f"state_{clause.state}") + late if clause else "-")
            rows.append((clean(name), clean(text), *cells))
        return Table(
            name=self.say("annex_clauses"),
            columns=(
                self._column("clause", 0.8, "center"),
                self._column("duty", 5),
                *(Column(clean(bundle.operator), 1.6, "center") for bundle in self.bundles),
            ),
            rows=tuple(rows),
        )

    def _findings(self) -> Iterator[Block]:
        rows, left = [], 0
        for bundle in self.bundles:
            failed = [found for found in bundle.run.findings if found.status == "fail"]
            left += max(0, len(failed) - NAMED)
            rows += [
                (clean(bundle.operator), clean(found.device), self.language.sentence(found.model_dump()))
                for found in failed[:NAMED]
            ]
        if not rows:
            yield self._p("findings_none")
            return
        yield Table(
            name=self.say("annex_findings"),
            columns=(
                self._column("no", 0.6, "center", "number"),
                self._column("operator", 2),
                self._column("device", 1.6),
                self._column("finding", 6),
            ),
            rows=tuple((str(number), *cells) for number, cells in enumerate(rows, 1)),
        )
        if left:
            yield self._p("findings_more", count=count(left, self.lang))

    def _column(self, key: str, weight: float, align: Align = "left", kind: Kind = "text") -> Column:
        return Column(self.say(f"col_{key}"), weight, align, kind)

    def _moment(self, moment: datetime) -> str:
        return short_moment(moment, self.lang)
