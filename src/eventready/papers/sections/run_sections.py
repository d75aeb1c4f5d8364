"""Sections of a paper on the results of a run: coverage, verdicts, topics, services, and unmeasured items."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from eventready.checks.check import Topic
from eventready.checks.registry import all_checks
from eventready.core.redaction.masking import mask_text
from eventready.core.strings.texts import moment_of
from eventready.drawing.charts import Bar, Level, load_bars, stacked_bars
from eventready.papers.dates import fit
from eventready.papers.document.model import Block, paragraph
from eventready.papers.material.findings import ORDER, CollapsedLine, collapse, count_by_status
from eventready.papers.material.gaps import unconfirmed_facts
from eventready.papers.material.results import RunResults
from eventready.papers.material.verdicts import VenueRow, count_verdicts, verdict_rows
from eventready.papers.sections.tables import collapsed_message, service_table, verdict_table
from eventready.papers.sections.writer import PaperWriter
from eventready.store.run import partial_readings

#: Findings named in the text of a topic; the annex lists more.
NAMED = 2

#: Devices and checks named in one sentence.
_NAMES = 5

#: Checks of loads with a chart, the number of its bars, and the letters of a bar's name.
_LOADS = ("utilisation", "channel_load", "radio_utilisation")
_BARS, _LETTERS = 5, 34


def measured_at(results: RunResults) -> datetime:
    """The event's time of a run."""
    return moment_of(results.summary.moment)


def coverage(writer: PaperWriter, results: RunResults) -> list[Block]:
    """Return the time and extent of measurement: the share of reported states, and the blind spots."""
    summary, lines = results.summary, results.findings.lines
    devices = results.run.header.devices
    blind = sum(line.blind for line in lines)
    lost = sum(line.status == "not_measured" and not line.blind for line in lines)
    sentences = [
        writer.text(
            "papers:coverage",
            when=measured_at(results),
            reached=sum(device.reachable for device in devices),
            devices=len(devices),
            measured=summary.measured,
            needed=summary.needed,
            share=writer.language.percent(summary.ratio),
        ),
        *_partial(writer, results),
        *seen_sentences(writer, summary.seen, summary.uncovered, summary.unseen_devices),
        *([writer.text("papers:coverage_lost", count=lost)] if lost else []),
        *([writer.text("papers:coverage_blind", count=blind)] if blind else []),
        *_unconfirmed(writer, results),
    ]
    blocks: list[Block] = [paragraph(" ".join(sentences))]
    if results.run.interrupted:
        blocks.append(writer.p("papers:interrupted"))
    if not summary.anything:
        blocks.append(writer.p("papers:nothing_measured"))
    return blocks


def seen_sentences(writer: PaperWriter, seen: int, uncovered: int, unseen_devices: int) -> list[str]:
    """Return the rest beside the share of measured readings: subjects without an expectation, devices without ports."""
    return [
        *([writer.text("papers:coverage_seen", seen=seen, uncovered=uncovered)] if seen else []),
        *([writer.text("papers:coverage_unseen", count=unseen_devices)] if unseen_devices else []),
    ]


def _partial(writer: PaperWriter, results: RunResults) -> list[str]:
    """Return a sentence with the facts read in part and their unread records."""
    found = partial_readings(results.run)
    names = "; ".join(one.shown for one in found[:_NAMES])
    if len(found) > _NAMES:
        names += f"; {writer.text('papers:and_others', count=len(found) - _NAMES)}"
    return [writer.text("papers:coverage_partial", count=len(found), names=names)] if found else []


def _unconfirmed(writer: PaperWriter, results: RunResults) -> list[str]:
    """Return a sentence with the platforms read in forms without public source, and the checks based on these forms."""
    items = unconfirmed_items(writer, {one.platform: one.facts for one in unconfirmed_facts(results.run)})
    return [writer.text("papers:coverage_unconfirmed", items=items)] if items else []


def unconfirmed_items(writer: PaperWriter, facts: Mapping[str, Sequence[str]]) -> str:
    """Name the platforms read in forms without public source, each with the checks based on its facts."""
    items = []
    for platform, names in facts.items():
        titles = dict.fromkeys(writer.language.check(one.name) for one in all_checks() if set(one.needs) & set(names))
        name = writer.language.platform(platform)
        items.append(f"{name} ({', '.join(titles)})" if titles else name)
    return "; ".join(items)


def verdicts(writer: PaperWriter, results: RunResults) -> list[Block]:
    """Coverage, verdicts by venue and service, and a chart of the topics."""
    blocks = coverage(writer, results)
    if not results.summary.anything:
        return blocks
    rows = verdict_rows(results.run, results.context, results.findings.statuses)
    numbers = [f"{number} {title.lower()}" for _, title, number in count_verdicts(rows, writer.language) if number]
    services = sum(bool(cell.verdict) for row in rows for cell in row.cells)
    when = writer.moment(measured_at(results), short=True)
    bars = [Bar(writer.term("papers:topic", key), one.counts) for key, one in results.topics.items() if one.total]
    words: dict[str, str] = {status: writer.language.status(status) for status in ORDER}
    return [
        *blocks,
        writer.p("papers:verdicts", services=services, venues=len(rows), tally="; ".join(numbers)),
        verdict_table(writer, rows, when),
        *_walks(writer, rows),
        stacked_bars(bars, words, writer.text("papers:figure_topics", when=when)),
    ]


def _walks(writer: PaperWriter, rows: Sequence[VenueRow]) -> list[Block]:
    """Sentences on the services with users without a way promised, or without its proof."""
    lacking = [cell.walk for row in rows for cell in row.cells if cell.walk and not cell.served]
    blocks = writer.bullets(lacking[:NAMED])
    return [*blocks, writer.p("papers:walks_more", count=len(lacking) - NAMED)] if len(lacking) > NAMED else blocks


def topic(writer: PaperWriter, results: RunResults, key: Topic, annex: str) -> list[Block]:
    """Return a topic: numbers by status, the most urgent findings, and the unmeasured items."""
    found = results.topics[key]
    if not found.total:
        return []
    numbers = [
        writer.language.counted(status, found.counts[status])
        for status in ("pass", "warn", "fail", "waived", "not_measured")
        if found.counts[status]
    ]
    when = measured_at(results)
    blocks: list[Block] = [
        writer.p("papers:topic_counts", all=found.total, devices=found.devices, tally=", ".join(numbers), when=when)
    ]
    wrong = collapse(found.wrong, results.findings.causes)
    blocks += writer.bullets(item(writer, one) for one in wrong[:NAMED])
    if len(wrong) > NAMED:
        rest = sum(one.count for one in wrong[NAMED:])
        blocks.append(writer.p("papers:topic_more", count=rest, annex=annex))
    return [*blocks, *(_loads(writer, results) if key == "traffic" else [])]


def item(writer: PaperWriter, one: CollapsedLine) -> str:
    """Return the findings of the same devices and reason as an item of a list."""
    device, status = fit(writer.language.names(one.row.devices)), writer.language.status(one.first.status).lower()
    return writer.text("papers:item", device=device, message=collapsed_message(writer, one), status=status)


def services(writer: PaperWriter, results: RunResults | None) -> list[Block]:
    """Channels, circuits, added capacity and the highest load of fixed, Internet and mobile services."""
    table = service_table(writer, results)
    return [writer.p("papers:services"), table] if table.rows else []


def _loads(writer: PaperWriter, results: RunResults) -> list[Block]:
    """The highest loads as a chart; nothing where no load was measured."""
    found = [one for one in results.measures if one.check in _LOADS][:_BARS]
    levels = [
        Level(
            mask_text(f"{one.device} {writer.language.subject(one.subject)}")[:_LETTERS],
            one.value,
            one.limit,
            writer.language.percent(one.value / 100),
        )
        for one in found
    ]
    when = writer.moment(measured_at(results), short=True)
    caption, word = writer.text("papers:figure_loads", when=when), writer.text("papers:limit_word")
    return [load_bars(levels, caption, word)] if levels else []


def unmeasured(writer: PaperWriter, results: RunResults) -> list[Block]:
    """Return the unmeasured items and reasons: unreached devices, failed readings, blind spots."""
    lines = [line for line in results.findings.lines if line.status == "not_measured"]
    if not lines:
        return [writer.p("papers:unmeasured_none")]
    silent = {device.name for device in results.run.header.devices if not device.reachable}
    lost = [line for line in lines if line.device in silent and not line.blind]
    failed = [line for line in lines if line.device not in silent and not line.blind]
    blind = [line for line in lines if line.blind]
    items = []
    if silent:
        names = _some(writer, silent)
        items.append(writer.text("papers:unmeasured_silent", devices=len(silent), names=names, count=len(lost)))
    if failed:
        names = _some(writer, {line.device for line in failed})
        items.append(writer.text("papers:unmeasured_failed", count=len(failed), names=names))
    if blind:
        checks = _some(writer, {line.check_title for line in blind}).lower()
        items.append(writer.text("papers:unmeasured_blind", count=len(blind), checks=checks))
    opening = writer.text("papers:unmeasured", count=len(lines))
    if len(items) == 1:
        return [paragraph(f"{opening} {items[0]}")]
    return [paragraph(opening), *writer.bullets(items)]


def open_items(writer: PaperWriter, results: RunResults | None, annex: str) -> list[Block]:
    """The numbers of failures and warnings, which the annex lists by device and reason."""
    if results is None:
        return [writer.p("papers:no_run")]
    counts = count_by_status(results.findings.lines)
    if not counts["fail"] and not counts["warn"]:
        return [writer.p("papers:open_none")]
    when = measured_at(results)
    return [writer.p("papers:open", fail=counts["fail"], warn=counts["warn"], annex=annex, when=when)]


def _some(writer: PaperWriter, names: Collection[str]) -> str:
    """The first names in order, and the number of the others."""
    shown = ", ".join(sorted(names)[:_NAMES])
    return f"{shown} {writer.text('papers:and_others', count=len(names) - _NAMES)}" if len(names) > _NAMES else shown
