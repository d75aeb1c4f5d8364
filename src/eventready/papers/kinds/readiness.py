"""`report readiness`: ready, not ready and unmeasured services at each venue, and the evidence."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from eventready.clauses.changes import ChangeOnRecord
from eventready.core.groups import group_by
from eventready.core.language import Language, clean
from eventready.core.messages import Lang, Param
from eventready.drawing.charts import column_charts
from eventready.drill.record import DrillRun
from eventready.drill.steps import ProbeResult
from eventready.evaluation.alike import rows
from eventready.network.graph.export import NetworkGraph
from eventready.network.map.drawing import PORTRAIT
from eventready.network.map.figure import map_figure
from eventready.papers.document.model import (
    Block,
    Bullets,
    Cell,
    Column,
    Count,
    Document,
    Facts,
    Heading,
    Item,
    ItemList,
    Line,
    Link,
    OnScreen,
    Paragraph,
    ParagraphStyle,
    Span,
    Table,
    TableCell,
    Tally,
    Title,
    paragraph,
)
from eventready.papers.document.sources import cited
from eventready.papers.material.change_lines import change_lines
from eventready.papers.material.drill_results import (
    drill_comparisons,
    drill_title,
    limit_value,
    prediction,
    probe_value,
)
from eventready.papers.material.evidence import evidence
from eventready.papers.material.findings import ORDER, FindingGroup, LineRow, group
from eventready.papers.material.gaps import (
    UnreachedDevice,
    blind_spots,
    device_coverage,
    failed_readings,
    unconfirmed_facts,
    unreached_devices,
)
from eventready.papers.material.results import RunResults
from eventready.papers.material.trend import FindingChanges, finding_changes, series
from eventready.papers.material.verdicts import VerdictCell, count_verdicts, verdict_rows
from eventready.papers.sections.evidence_section import evidence_section, readings_table
from eventready.store.run import Run, Summary, partial_readings

#: Groups of findings by venue; the rest stands with the devices.
GROUPS = 400

#: Sentences of a kind of change that a page shows unfolded, and lines of an item of failed readings.
_SENTENCES, _READINGS = 5, 3

#: Devices named under a blind spot, and facts named as read in part.
_NAMED = 6


@dataclass(frozen=True)
class Background:
    """Background of a readiness report beside its run.

    `earlier`: summaries of the runs before, oldest first; `previous`: the last of them in full; `texts`: returns raw
    outputs by hash; `changes`: those made to the network, oldest first; `rehearsal`: marked although the run is none.
    `drills`: runs of drills, oldest first. `topology`: network of the run.
    """

    earlier: Sequence[Summary] = ()
    previous: Run | None = None
    texts: Callable[[Collection[str]], Mapping[str, str]] = lambda _: {}
    changes: Sequence[ChangeOnRecord] = ()
    rehearsal: bool = False
    drills: Sequence[DrillRun] = ()
    topology: NetworkGraph | None = None


def readiness(run: Run, lang: Lang = "vi", background: Background | None = None) -> Document:
    """The readiness report of a run: a pure function of the run and its background."""
    return _Report(run, Language(lang), background or Background()).document()


class _Report:
    def __init__(self, run: Run, language: Language, background: Background) -> None:
        self.run, self.language, self.background = run, language, background
        self.results = RunResults.of(run, language, measures=False)
        self.context, self.findings = self.results.context, self.results.findings
        self.rows = verdict_rows(run, self.context, self.findings.statuses)
        self.silent = unreached_devices(run.header.devices, self.findings.lines, self.context)
        self.left_out: list[str] = []

    def document(self) -> Document:
        """The report; the evidence is only for a screen."""
        sections = (
            *self._verdicts(),
            *self._map(),
            *self._wrong(),
            *self._unmeasured(),
            *self._trend(),
            *cited("change", self._changes()),
            *cited("drill", self._drills()),
            *self._duties(),
            *self._waivers(),
        )
        found = evidence(self.run, self.findings, self.context, self.background.texts)
        coverage = device_coverage(self.run, self.context)
        screen = OnScreen(tuple(evidence_section(self.results, found, self.left_out, coverage)))
        event, moment, source = self._event(), self.language.moment(self.results.summary.moment), f"run {self.run.id}"
        return Document(
            kind="readiness",
            lang=self.language.code,
            title=f"{self._t('page:title')}: {event}, {moment}",
            stem=f"readiness-{clean(self.run.id)}.{self.language.code}",
            blocks=tuple(cited(source, (*self._head(event), *sections, screen, self._foot()))),
            sheets=((self._t("page:appendix"), replace(readings_table(self.results, coverage), source=source)),),
        )

    def _t(self, msgid: str, **params: Param) -> str:
        return self.language.phrase(msgid, **params)

    def _event(self) -> str:
        header = self.run.header
        return clean(header.event_info.title.render(self.language.code) or header.event)

    def _section(self, key: str, anchor: str) -> Heading:
        return Heading(1, self._t(key), anchor)

    def _coverage(self) -> str:
        """Measured readings, and the findings without a measurement; a share alone would hide them."""
        summary = self.results.summary
        unmeasured = summary.counts.get("not_measured", 0)
        figures = {"measured": summary.measured, "needed": summary.needed}
        if unmeasured:
            measured = self._t("page:coverage_open", **figures, unmeasured=unmeasured)
        else:
            measured = f"{self.language.percent(summary.ratio)} ({self._t('page:coverage_of', **figures)})"
        if not summary.seen:
            return measured
        return f"{measured}; {self._t('page:coverage_seen', seen=summary.seen, uncovered=summary.uncovered)}"

    def _partial(self) -> Iterator[tuple[str, str]]:
        """Yield the facts read in part, with their unread records."""
        if found := partial_readings(self.run):
            shown = "; ".join(one.shown for one in found[:_NAMED])
            more = f"; {self._t('page:more', count=len(found) - _NAMED)}" if len(found) > _NAMED else ""
            yield self._t("page:partial"), f"{shown}{more}"

    def _head(self, event: str) -> Iterator[Block]:
        summary, header = self.results.summary, self.run.header
        moment = self.language.moment(summary.moment, weekday=True)
        if summary.rehearsal:
            real = self.language.moment(header.started)
            note = self._t("page:rehearsal_note", event=moment, real=real)
            yield _framed(self._t("page:rehearsal"), note, "notice")
        elif self.background.rehearsal:
            yield _framed(self._t("page:rehearsal"), self._t("page:rehearsal_marked"), "notice")
        alarm = "page:interrupted" if self.run.interrupted else "" if summary.anything else "page:nothing"
        if alarm:
            yield _framed(self.language.verdict("NOT_MEASURED"), self._t(alarm), "alarm")
        yield Title(self._t("page:title"), (event,))
        devices = header.devices
        reached = sum(device.reachable for device in devices)
        yield Facts(
            (
                (self._t("page:at"), moment),
                (self._t("page:coverage"), self._coverage()),
                *self._partial(),
                (self._t("page:devices"), self._t("page:devices_reached", reached=reached, count=len(devices))),
                (self._t("page:run"), clean(self.run.id)),
            )
        )
        services = sum(bool(cell.verdict) for row in self.rows for cell in row.cells)
        counts = (
            Count(key, title, self.language.number(count), self._t("page:services_counted", count=count, all=services))
            for key, title, count in count_verdicts(self.rows, self.language)
        )
        yield Tally(tuple(counts))

    def _verdicts(self) -> Iterator[Block]:
        yield self._section("page:matrix", "matrix")
        titles = [cell.service_title for cell in self.rows[0].cells] if self.rows else []
        yield Table(
            self._t("page:matrix"),
            (Column(self._t("page:venue"), 4), *(Column(title, 3) for title in titles)),
            tuple((row.name, *map(self._verdict, row.cells)) for row in self.rows),
            note=self._t("page:legend"),
            matrix=True,
        )
        walks = tuple((Span(cell.walk),) for row in self.rows for cell in row.cells if cell.walk)
        if walks:
            yield Heading(2, self._t("page:walks"))
            yield Bullets(walks)

    def _verdict(self, cell: VerdictCell) -> TableCell:
        if not cell.verdict:
            return self._t("page:not_offered")
        return Cell(cell.title, cell.verdict, cell.reason)

    def _map(self) -> Iterator[Block]:
        figure = self.background.topology and map_figure(
            self.background.topology, self.findings.states, self.language, paper=PORTRAIT
        )
        if figure:
            yield self._section("page:map", "map")
            yield figure

    def _wrong(self) -> Iterator[Block]:
        """Failures and warnings: those at several venues first, then venue by venue, then equipment of no venue."""
        yield self._section("page:wrong", "wrong")
        wrong = [line for line in self.findings.lines if line.status in ("fail", "warn")]
        if not wrong:
            yield paragraph(self._t("page:wrong_none"))
            return
        groups = group(wrong, self.context, self.findings.causes)
        shown = groups[:GROUPS]
        if len(groups) > GROUPS:
            self.left_out.append(self._t("page:folded_groups", count=len(groups) - GROUPS))
        alone = len(self.context.venue_names) < 2
        shared = [one for one in shown if len(one.venues) > 1 and not alone]
        if shared:
            yield Heading(2, self._t("page:shared"))
            yield self._listing(shared, tagged=True)
        for venue in self._venues(shown):
            own = [one for one in shown if venue in one.venues and (alone or len(one.venues) == 1)]
            yield Heading(2, self.context.names([venue])[0])
            yield self._listing(own) if own else paragraph(self._t("page:venue_clear"), "note")
            elsewhere = sum(one.count_at(venue) for one in shared)
            if elsewhere:
                yield paragraph(self._t("page:shared_note", count=elsewhere), "note")
        homeless = [one for one in shown if not one.venues]
        if homeless:
            yield Heading(2, self._t("page:nowhere"))
            yield self._listing(homeless)

    def _venues(self, groups: Sequence[FindingGroup]) -> tuple[str, ...]:
        mentioned = {venue for one in groups for venue in one.venues}
        known = self.context.venue_names
        return (*known, *sorted(mentioned - set(known)))

    def _listing(self, groups: Sequence[FindingGroup], *, tagged: bool = False) -> ItemList:
        return ItemList(tuple(self._item(one, self._places(one) if tagged else ()) for one in groups))

    def _item(self, one: FindingGroup, tags: tuple[str, ...]) -> Item:
        title, word = self.language.names(one.devices), self.language.status(one.status)
        return Item(title, one.status, word, one.check_title, tags, tuple(map(self._line, one.rows)))

    def _places(self, one: FindingGroup) -> tuple[str, ...]:
        """Names of the venues of a group; a single name for all of the event."""
        everywhere = set(one.venues) >= set(self.context.venue_names)
        return (self._t("papers:all_venues"),) if everywhere else one.venue_names

    def _line(self, row: LineRow) -> Line:
        message = row.sentence(self.language, row.first.message)
        return Line(message, (Link(self._t("page:details"), row.first.anchor),))

    def _silent_item(self, devices: Sequence[UnreachedDevice], word: str) -> Item:
        """Return the devices unreached for the same reason, such as the loss of their jump host."""
        first, lost = devices[0], self._t("page:lost", count=sum(device.lost for device in devices))
        detail = first.role if len({device.role for device in devices}) == 1 else ""
        venues = tuple(dict.fromkeys(venue for device in devices for venue in device.venues))
        title = ", ".join(device.device for device in devices)
        return Item(title, "not_measured", word, detail, venues, (Line(f"{first.reason} {lost}"),))

    def _unmeasured(self) -> Iterator[Block]:
        yield self._section("page:unmeasured", "unmeasured")
        unread = failed_readings(self.findings.lines, {device.device for device in self.silent})
        blind = blind_spots(self.findings.lines, self.language)
        if not (self.silent or unread or blind):
            yield paragraph(self._t("page:unmeasured_none"))
        word = self.language.status("not_measured")
        if self.silent:
            by_reason = group_by(self.silent, lambda device: device.reason).values()
            yield Heading(2, self._t("page:unreached"))
            yield ItemList(tuple(self._silent_item(devices, word) for devices in by_reason))
        if unread:
            yield Heading(2, self._t("page:unread"))
            items = (
                Item(gap.device, "not_measured", word, ", ".join(gap.checks), lines=tuple(map(self._line, gap.rows)))
                for gap in unread
            )
            yield ItemList(tuple(items), shown=_READINGS)
        if blind:
            yield Heading(2, self._t("page:blind"))
            yield paragraph(self._t("page:blind_note"), "note")
            spots = (
                Item(", ".join(self._some(one.devices)), "not_measured", lines=tuple(map(Line, one.sentences)))
                for one in blind
            )
            yield ItemList(tuple(spots), shown=_READINGS)

        yield from self._unconfirmed()

    def _unconfirmed(self) -> Iterator[Block]:
        found = unconfirmed_facts(self.run)
        if not found:
            return
        yield Heading(2, self._t("page:unconfirmed"))
        yield paragraph(self._t("page:unconfirmed_note"), "note")
        items = (Item(one.platform, tags=self._some(one.devices), lines=(Line(", ".join(one.facts)),)) for one in found)
        yield ItemList(tuple(items))

    def _some(self, devices: Sequence[str]) -> tuple[str, ...]:
        return tuple(devices) if len(devices) <= _NAMED else (self._t("page:on_devices", count=len(devices)),)

    def _trend(self) -> Iterator[Block]:
        yield self._section("page:trend", "trend")
        charts = series(self.results.summary, self.background.earlier, self.language)
        if charts:
            yield column_charts(charts, self._t("page:trend_runs", count=len(charts[0].values)))
        previous = self.background.previous
        if previous is None:
            yield from () if charts else (paragraph(self._t("page:trend_none")),)
            return
        changes = finding_changes(previous, self.run, self.findings.subjects_open, self.language)
        yield paragraph(self._t("page:compared", run=clean(previous.id)), "note")
        yield Facts(tuple((change.title, str(change.count)) for change in changes))
        for change in changes:
            if change.lines:
                yield from self._finding_changes(change)

    def _finding_changes(self, change: FindingChanges) -> Iterator[Block]:
        yield Heading(2, change.title)
        named = change.lines[:_SENTENCES]
        yield Bullets(tuple((Span(line),) for line, _ in named))
        if rest := change.count - sum(count for _, count in named):
            yield paragraph(self._t("page:more", count=rest), "note")

    def _changes(self) -> Iterator[Block]:
        yield self._section("page:changed", "changed")
        lines = change_lines(reversed(self.background.changes), self.language)
        if not lines:
            yield paragraph(self._t("page:changed_none"))
            return
        keys = ("page:changed_what", "page:changed_when", "page:changed_by", "page:changed_state",
                "page:changed_devices", "page:changed_emergency")  # fmt: skip
        urgent = any(line.emergency for line in lines)
        yield Table(
            self._t("page:changed"),
            tuple(Column(self._t(key), 2) for key in keys[: None if urgent else -1]),
            tuple(
                (
                    Cell(line.title, note=line.id),
                    line.moment,
                    Cell(line.by, note=line.eyes) if line.eyes else line.by,
                    Cell(line.status, "fail" if line.state == "open" else ""),
                    line.devices,
                    *((Cell(line.emergency, "fail" if line.emergency else ""),) if urgent else ()),
                )
                for line in lines
            ),
        )

    def _drills(self) -> Iterator[Block]:
        """Interruptions measured in drills, before and after the changes, with the prediction of the audit."""
        lang = self.language.code
        compared = drill_comparisons(self.background.drills)
        if not compared:
            return
        yield self._section("page:drills", "drills")
        if any(one.worst.opened.rehearsal for one in compared):
            yield paragraph(self._t("page:drills_rehearsal"), "note")
        keys = ("drill", "drill_probe", "drill_before", "drill_after", "drill_limit", "drill_prediction")
        yield Table(
            self._t("page:drills"),
            tuple(Column(self._t(f"papers:col.{key}"), 2) for key in keys),
            tuple(
                (
                    Cell(clean(drill_title(one.worst, lang)), note=self.language.moment(one.worst.begun.isoformat())),
                    clean(one.worst.drill.probe_title(probe.probe, lang)),
                    probe_value(one.worst_of("before", probe.probe), lang),
                    _after(one.worst_of("after", probe.probe), lang),
                    limit_value(probe, lang),
                    Cell(prediction(one.worst, lang), "fail" if one.worst.outcome == "unpredicted" else ""),
                )
                for one in compared
                for probe in one.worst.probes
            ),
        )

    def _duties(self) -> Iterator[Block]:
        """Yield the clauses with findings, in the event's order, with the number of findings by status."""
        yield self._section("page:duties", "duties")
        counts = self.findings.by_duty
        touched = {duty for duty, _ in counts}
        titles = {
            clean(duty.id): clean((duty.en if self.language.code == "en" else "") or duty.vi)
            for duty in self.run.header.event_info.duties
        }
        order = [*(duty for duty in titles if duty in touched), *sorted(touched - set(titles))]
        if not order:
            yield paragraph(self._t("page:no_finding"))
            return
        numbers = (Column(self.language.status(status), 1, "right", "number") for status in ORDER)
        cells = (
            (Cell(duty, note=titles.get(duty, "")), *(Cell(str(n), s) if (n := counts[duty, s]) else "" for s in ORDER))
            for duty in order
        )
        yield Table(self._t("page:duty"), (Column(self._t("page:duty"), 6), *numbers), tuple(cells))

    def _waivers(self) -> Iterator[Block]:
        yield self._section("page:waivers", "waivers")
        waived = [line for line in self.findings.lines if line.status == "waived"]
        if not waived:
            yield paragraph(self._t("page:waivers_none"))
            return
        word = self.language.status("waived")
        items: list[Item] = []
        for row in rows(waived, lambda line: line.about):
            lines = (self._line(row), Line(row.first.waiver))
            items.append(Item(self.language.names(row.devices), "waived", word, row.first.check_title, lines=lines))
        yield ItemList(tuple(items))

    def _foot(self) -> Paragraph:
        header = self.run.header
        made = self._t("page:made_by", tool=clean(header.tool or "eventready"), run=clean(self.run.id))
        seal = clean(header.sha256)[:16]
        return paragraph(f"{made} {self._t('page:seal')}: {seal}" if seal else made, "note")


def _after(found: ProbeResult | None, lang: Lang) -> Cell:
    """Worst result after the changes."""
    return Cell(probe_value(found, lang), "" if found is None else "pass" if found.within else "fail")


def _framed(word: str, text: str, style: ParagraphStyle) -> Paragraph:
    return Paragraph((Span(word, bold=True), Span(f" {text}")), style)
