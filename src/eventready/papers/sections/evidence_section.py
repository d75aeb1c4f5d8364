"""The evidence of a readiness report: every finding by device with raw texts, and the readings of each device."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from eventready.core.language import Language, clean
from eventready.papers.document.model import (
    Block,
    Bullets,
    Column,
    Count,
    Fold,
    Heading,
    Item,
    ItemList,
    Link,
    Preformatted,
    Span,
    Table,
    Tally,
    paragraph,
)
from eventready.papers.material.evidence import DeviceFindings, Evidence, RawExcerpt
from eventready.papers.material.findings import ORDER, LineRow, Passes
from eventready.papers.material.gaps import DeviceCoverage
from eventready.papers.material.results import RunResults

#: Rows of the table of readings that a page shows unfolded.
_UNFOLDED = 40


def evidence_section(
    results: RunResults, found: Evidence, left_out: Sequence[str], coverage: Sequence[DeviceCoverage]
) -> Iterator[Block]:
    """Yield the blocks of the section. `left_out` names the omissions of other sections."""
    language = results.context.language
    yield Heading(1, language.phrase("page:evidence"), "evidence")
    counts = results.findings.counts
    yield Tally(
        tuple(Count(status, language.status(status), language.number(counts.get(status, 0))) for status in ORDER)
    )
    yield from _left_out(results, found, left_out)
    for device in found.devices:
        yield from _device(device, language)
    if found.healthy:
        yield Heading(2, f"{language.phrase('page:all_good')}: {len(found.healthy)}")
        inside = tuple(block for device in found.healthy for block in _device(device, language))
        yield Fold(language.phrase("page:devices"), inside)
    yield Heading(1, language.phrase("page:appendix"), "appendix")
    title, table = f"{language.phrase('page:devices')}: {len(coverage)}", readings_table(results, coverage)
    yield Fold(title, (table,), opened=len(coverage) <= _UNFOLDED)


def readings_table(results: RunResults, coverage: Sequence[DeviceCoverage]) -> Table:
    """The readings of each device."""
    t = results.context.language.phrase
    columns = (
        Column(t("page:device"), 3),
        Column(t("page:role"), 3),
        Column(t("page:platform"), 2),
        Column(t("page:readings"), 2, "right"),
        Column(t("page:missing"), 8),
    )
    rows = tuple(
        (one.device, one.role, one.platform, f"{one.measured} / {one.needed}",
         "; ".join(f"{fact}: {why}" for fact, why in one.missing))
        for one in coverage
    )  # fmt: skip
    return Table(t("page:readings"), columns, rows)


def _left_out(results: RunResults, found: Evidence, left_out: Sequence[str]) -> Iterator[Block]:
    t = results.context.language.phrase
    parts = [
        *((t("page:folded_rows", count=found.lines_left_out),) if found.lines_left_out else ()),
        *((t("page:folded_raw", count=found.texts_left_out),) if found.texts_left_out else ()),
        *left_out,
    ]
    if parts:
        command = f"eventready runs show {clean(results.run.id)} --output json"
        yield paragraph(t("page:folded", what="; ".join(parts), command=command), "notice")


def _device(device: DeviceFindings, language: Language) -> Iterator[Block]:
    t = language.phrase
    venues = ", ".join(device.venues)
    detail = " · ".join(part for part in (device.role, device.platform, venues) if part)
    yield Heading(2, device.name, device.anchor if device.lines or device.left_out else "", detail)
    if device.lines:
        yield ItemList(tuple(_item(row, language) for row in device.merged))
    if device.left_out:
        yield paragraph(t("page:more", count=device.left_out), "note")
    for raw in device.excerpts:
        yield _raw(raw, language)
    if device.passes:
        lines = tuple((Span(_passed(passes, language)),) for passes in device.passes)
        count = sum(passes.count for passes in device.passes)
        yield Fold(t("page:passed_folded", count=count), (Bullets(lines),))


def _item(row: LineRow, language: Language) -> Item:
    """Return the findings of a row as an item."""
    same, line, t = row.findings, row.first, language.phrase
    duties = dict.fromkeys(duty for one in same for duty in one.duties)
    anchors = dict.fromkeys(anchor for one in same for anchor in one.evidence)
    links = tuple(
        Link(t("page:said") if len(anchors) == 1 else f"{t('page:said')} {number}", anchor)
        for number, anchor in enumerate(anchors, 1)
    )
    checks = ", ".join(dict.fromkeys(one.check_title for one in same))
    tags = (checks, f"{t('page:duty')} {', '.join(duties)}" if duties else "", line.waiver)
    return Item(
        status=line.status,
        status_title=language.status(line.status),
        detail=language.together(line.message, row.subjects, most=len(row.subjects)),
        tags=tuple(tag for tag in tags if tag),
        links=links,
        anchors=tuple(one.anchor for one in same),
    )


def _raw(raw: RawExcerpt, language: Language) -> Fold:
    t = language.phrase
    shown: Block = Preformatted(raw.text) if raw.text else paragraph(t("page:raw_lost"), "note")
    whole = (paragraph(f"{t('page:raw_get')} {raw.get}", "note"),) if raw.cut or not raw.text else ()
    return Fold(f"{t('page:said')}: {raw.command} ({raw.outcome})", (shown, *whole), raw.anchor)


def _passed(passes: Passes, language: Language) -> str:
    subjects = f" ({', '.join(passes.subjects)})" if passes.subjects else ""
    return f"{language.check(passes.check)}: {passes.count}{subjects}"
