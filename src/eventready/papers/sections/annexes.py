"""Annex of a report, a page of open findings, and the tables of the workbook."""

from __future__ import annotations

from dataclasses import replace

from eventready.network.map.drawing import LANDSCAPE
from eventready.network.map.figure import DeviceStates, map_figure
from eventready.papers.document.model import Block
from eventready.papers.document.sources import cited
from eventready.papers.material.findings import collapse
from eventready.papers.material.results import RunResults
from eventready.papers.sections.tables import (
    SHEET_ROWS,
    clause_table,
    device_table,
    measure_table,
    open_table,
    rows_of_page,
    station_table,
)
from eventready.papers.sections.writer import PaperWriter


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
