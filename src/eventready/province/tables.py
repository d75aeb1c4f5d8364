"""Tables of the consolidated report; long tables are cut, with a note of the omitted rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from eventready.core.messages import number
from eventready.core.strings.texts import short
from eventready.evaluation.alike import about, rows
from eventready.evaluation.causes import causes
from eventready.papers.dates import fit
from eventready.papers.document.model import Cell, Column, Table, TableCell
from eventready.papers.sections.tables import as_sentence, columns, numbered_table
from eventready.papers.sections.writer import PaperWriter
from eventready.province.bundles.bundle import Bundle
from eventready.province.bundles.parts import LONGEST_TEXT, ClauseEntry
from eventready.province.overview import OperatorRow, ServiceVerdicts, service_verdicts
from eventready.store.run_records import RunFinding
from eventready.workspace.settings.duties import Duty
from eventready.workspace.settings.event import Event

#: Rows of a table; findings of one operator; characters of a clause and of an incident.
_ROWS, _FINDINGS, _TEXT = 300, 100, 200


def operator_table(writer: PaperWriter, rows: Sequence[OperatorRow]) -> Table:
    """A row per operator: verdict, coverage, findings, clauses, roster and incidents."""
    figures = {
        "verdict": 2.2, "coverage": 1.4, "fail": 1.2, "not_measured": 1.4, "clauses_done": 1.4, "late": 1.2,
        "gaps": 1.4, "incidents": 1.2,
    }  # fmt: skip
    caption = writer.text("papers:province_caption_operators")
    shown = (*columns(writer, operator=3), *columns(writer, "center", **figures))
    return numbered_table(writer, caption, shown, (_operator(writer, one) for one in rows), caption=caption)


def _operator(writer: PaperWriter, one: OperatorRow) -> tuple[TableCell, ...]:
    checked = one.missing not in {"run", "venue"}
    verdict: TableCell
    if one.verdict:
        verdict = Cell(writer.language.verdict(one.verdict), one.verdict)
    else:
        verdict = writer.term(_NONE, one.missing)
    return (
        fit(one.operator),
        verdict,
        writer.language.percent(one.ratio) if checked else "-",
        number(one.fail, writer.lang) if checked else "-",
        number(one.unmeasured, writer.lang) if checked else "-",
        f"{one.done}/{one.clauses}",
        str(one.late),
        number(one.gaps, writer.lang) if one.gaps is not None else "-",
        str(one.incidents),
    )


def service_table(writer: PaperWriter, bundles: Sequence[Bundle], event: Event) -> Table:
    """A row per venue and service with the verdict of each operator."""
    none = [writer.text(f"{_NONE}.{'offered' if bundle.run.present else 'run'}") for bundle in bundles]
    caption = writer.text("papers:province_caption_services")
    rows = tuple(
        (
            fit(one.venue),
            _service(writer, one),
            *(
                Cell(writer.language.verdict(verdict), verdict) if verdict else instead
                for verdict, instead in zip(one.verdicts, none, strict=True)
            ),
        )
        for one in service_verdicts(bundles, event, vietnamese=writer.lang == "vi")
    )
    shown = (*columns(writer, venue=3, service=1.6), *_operators(bundles, 2))
    return _cut(writer, Table(caption, shown, rows, caption=caption))


_NONE = "papers:province_none"


def _service(writer: PaperWriter, one: ServiceVerdicts) -> str:
    service = writer.language.service(one.service)
    return writer.text("papers:province_beyond", service=service) if one.beyond else service


def incident_table(writer: PaperWriter, bundles: Sequence[Bundle]) -> Table:
    """Incidents of all operators, the latest last."""
    known = [(bundle.operator, one) for bundle in bundles for one in bundle.incidents.incidents]
    known.sort(key=lambda pair: pair[1].began)
    rows = (
        (
            fit(operator),
            writer.moment(one.began, short=True),
            writer.moment(one.restored, short=True) if one.restored else writer.text("papers:not_restored"),
            fit(one.place or one.venue),
            number(one.subscribers, writer.lang) if one.subscribers is not None else writer.text("papers:unknown"),
            fit(short(". ".join(text for text in (one.summary, one.cause) if text), _TEXT)),
        )
        for operator, one in known[-_ROWS:]
    )
    shown = columns(writer, operator=2, began=1.6, restored=1.6, place=2.2, subscribers=1.3, what=3)
    name, caption = writer.text("papers:sheet_incidents"), writer.text("papers:caption_incidents")
    rest = max(0, len(known) - _ROWS)
    note = writer.text("papers:province_rest", count=rest) if rest else ""
    return numbered_table(writer, name, shown, rows, caption=caption, note=note)


def clause_table(writer: PaperWriter, bundles: Sequence[Bundle], duties: Sequence[Duty] = ()) -> Table:
    """Return a row per clause with the state at each operator.

    The text is the department's (`duties`); a clause of the same number with another text has no state beside it. For
    a clause that the department lacks, the text is from the first bundle with it.
    """
    own = {duty.id: duty.title.render(writer.lang)[:LONGEST_TEXT] for duty in duties if duty.applies_to != "department"}
    texts = dict(own)
    for bundle in bundles:
        for one in bundle.duties.clauses:
            texts.setdefault(one.clause, _words(writer, one))
    states = [{one.clause: one for one in bundle.duties.clauses} for bundle in bundles]
    rows = tuple(
        (fit(name), fit(short(as_sentence(text), _TEXT)), *(_state(writer, known.get(name), own) for known in states))
        for name, text in texts.items()
    )
    shown = (*columns(writer, "center", clause=0.8), *columns(writer, duty=5), *_operators(bundles, 1.6))
    return _cut(writer, Table(writer.text("papers:province_annex_clauses"), shown, rows))


def _words(writer: PaperWriter, clause: ClauseEntry) -> str:
    return clause.vi if writer.lang == "vi" else clause.en or clause.vi


def _state(writer: PaperWriter, clause: ClauseEntry | None, own: Mapping[str, str]) -> str:
    if clause is None:
        return "-"
    text = _words(writer, clause)
    if own.get(clause.clause, text) != text:
        return writer.text("papers:province_other_text")
    word = writer.term("papers:clause", clause.state)
    return f"{word} {writer.text('papers:province_late')}" if clause.late else word


def finding_table(writer: PaperWriter, bundles: Sequence[Bundle]) -> Table:
    """Failed findings in rows, at most _FINDINGS rows of each operator."""
    cells, rest = [], 0
    for bundle in bundles:
        failed = [RunFinding(**vars(found)) for found in bundle.run.findings if found.status == "fail"]
        made = rows(failed, about, causes(failed))[:_FINDINGS]
        rest += bundle.run.counts.get("fail", 0) - sum(row.count for row in made)
        cells += [
            (
                fit(bundle.operator),
                fit(writer.language.names(row.devices)),
                fit(row.sentence(writer.language, writer.language.sentence(row.first))),
            )
            for row in made
        ]
    shown = columns(writer, operator=2, device=1.6, finding=6)
    note = writer.text("papers:province_findings_rest", count=rest) if rest else ""
    return numbered_table(writer, writer.text("papers:province_annex_findings"), shown, cells, note=note)


def _operators(bundles: Sequence[Bundle], weight: float) -> tuple[Column, ...]:
    return tuple(Column(fit(bundle.operator), weight, "center") for bundle in bundles)


def _cut(writer: PaperWriter, table: Table) -> Table:
    """The first _ROWS rows, with a note of how many are left out."""
    rest = len(table.rows) - _ROWS
    if rest <= 0:
        return table
    return replace(table, rows=table.rows[:_ROWS], note=writer.text("papers:province_rest", count=rest))
