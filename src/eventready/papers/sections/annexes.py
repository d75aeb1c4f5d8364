"""Annex of a report, a page of open findings, and the tables of the workbook."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from eventready.core.strings.texts import at
from eventready.network.map.drawing import LANDSCAPE
from eventready.network.map.figure import DeviceStates, map_figure
from eventready.papers.document.model import Block, Table, TableCell
from eventready.papers.document.sources import cited
from eventready.papers.material.findings import collapse
from eventready.papers.material.results import RunResults
from eventready.papers.sections.tables import (
    SHEET_ROWS,
    clause_table,
    columns,
    device_table,
    measure_table,
    numbered_table,
    open_table,
    rows_of_page,
    station_table,
)
from eventready.papers.sections.writer import PaperWriter
from eventready.store.watch_log import RecordedChange, Watched


def add_annexes(writer: PaperWriter, results: RunResults | None) -> str:
    """Add the annex and the sheets of a report; return the label of the annex."""
    if writer.material.clauses:
        table = clause_table(writer, writer.material.clauses)
        writer.sheet(writer.text("papers:annex_clauses"), table, "clause")
    if results is None:
        return ""
    for title, table in (
        (writer.text("papers:annex_devices"), device_table(writer, results)),
        (writer.text("papers:annex_stations"), station_table(writer, results)),
        (writer.text("papers:annex_measures"), measure_table(writer, results)),
    ):
        if table.rows:
            writer.sheet(title, table, writer.run)
    return _open_annex(writer, results)


def add_map(writer: PaperWriter, results: RunResults | None = None) -> None:
    """Add the map of the network of the run as an annex; none without a run, or without origins."""
    run, topology = writer.material.run, writer.material.topology
    if run and topology:
        states = results.findings.states if results else DeviceStates.of(run.findings())
        if figure := map_figure(topology, states, writer.language, paper=LANDSCAPE):
            writer.annex(writer.text("papers:annex_map"), cited(writer.run, [figure]), landscape=True)


def _open_annex(writer: PaperWriter, results: RunResults) -> str:
    """Add the annex of open findings: a single page; the workbook has all of them."""
    title = writer.text("papers:annex_open")
    lines = collapse(results.findings.lines, results.findings.causes)
    if not lines:
        return ""
    table = open_table(writer, lines[:100], results)
    shown = rows_of_page(table, writer.profile.page, landscape=True)
    rest = sum(one.count for one in lines[shown:])
    note = writer.text("papers:open_more", rest=rest) if rest else ""
    blocks: list[Block] = [replace(table, rows=table.rows[: shown - 1 if rest else shown], note=note)]
    if rest or len(lines) != len(results.findings.lines):
        single = [one for line in results.findings.lines[:SHEET_ROWS] for one in collapse([line], {})]
        writer.sheet(title, open_table(writer, single, results), writer.run)
    return writer.annex(title, cited(writer.run, blocks), landscape=True)


_SOURCE = "watch"
#: Rows of the annex; the workbook has all.
_ROWS = 200
_GAPS = 20


def watch_section(writer: PaperWriter) -> list[Block]:
    """Minutes watched and gaps of each protected window up to now; the timeline becomes an annex.

    Nothing where neither a clause nor the record speaks of a watch.
    """
    material = writer.material
    begun = [one for one in material.event.windows if one.kind == "protected" and one.start < material.moment]
    wanted = any(duty.proof.watch for duty in material.duties)
    if not begun or material.watch is None or not (wanted or material.watch.beats):
        return []
    blocks: list[Block] = [writer.outline.clause(writer.text("papers:head_watch"))]
    for window in begun:
        end = min(window.end, material.moment)
        found = material.watch.watched(window.start, end, len(material.devices))
        blocks.append(
            writer.p(
                "papers:watched", start=window.start, end=end, minutes=found.minutes,
                whole=round((end - window.start).total_seconds() / 60), n=len(found.gaps),
            )
        )  # fmt: skip
        blocks += writer.bullets(_gaps(writer, found))
    annex = _annex(writer)
    return cited(_SOURCE, [*blocks, *([writer.p("papers:timeline_in", annex=annex)] if annex else [])])


def _gaps(writer: PaperWriter, found: Watched) -> list[str]:
    lines = [writer.text("papers:watch_gap", start=start, end=end) for start, end in found.gaps[:_GAPS]]
    rest = len(found.gaps) - len(lines)
    return [*lines, *([writer.text("papers:watch_gaps_more", n=rest)] if rest else [])]


def _annex(writer: PaperWriter) -> str:
    """Add the annex and the sheet of the changes in the event and protected windows; return the annex's label."""
    windows = [window for window in writer.material.event.windows if window.kind in ("event", "protected")]
    log = writer.material.watch
    changes = [
        (moment, change)
        for moment, change in (log.changes if log else ())
        if any(window.contains(moment) for window in windows)
    ]
    if not changes:
        return ""
    title = writer.text("papers:annex_timeline")
    writer.sheet(title, _table(writer, changes[:SHEET_ROWS]), _SOURCE)
    own = [one for one in changes if not one[1].cause]
    rest = len(changes) - len(own[:_ROWS])
    note = writer.text("papers:timeline_more", n=rest) if rest else ""
    return writer.annex(title, cited(_SOURCE, [_table(writer, own[:_ROWS], note)]), landscape=True)


def _table(writer: PaperWriter, changes: Sequence[tuple[datetime, RecordedChange]], note: str = "") -> Table:
    shown = columns(writer, time=2.2, device=2.4, check=2.4, state=3, finding=7)
    return numbered_table(
        writer, writer.text("papers:annex_timeline"), shown, (_row(writer, *one) for one in changes), note=note
    )


def _row(writer: PaperWriter, moment: datetime, change: RecordedChange) -> Sequence[TableCell]:
    language = writer.language
    states = " → ".join(language.status(state) for state in (change.old, change.new) if state)
    sentence = language.sentence(change.sentence) if change.sentence else _of_device(writer, change)
    because = f" ({writer.text('papers:timeline_cause', device=change.cause)})" if change.cause else ""
    return at(moment), change.device, language.check(change.check), states, sentence + because


def _of_device(writer: PaperWriter, change: RecordedChange) -> str:
    """Sentence of a change without a finding: of a device as a whole, a check measured again, an ended alarm."""
    if change.new == "not_measured":
        return writer.text("papers:timeline_lost")
    if change.check == "device":
        return writer.text("papers:timeline_back")
    return writer.text("papers:timeline_measured" if change.old == "not_measured" else "papers:timeline_ended")
