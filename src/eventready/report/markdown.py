"""The readiness report as Markdown, for mail and chat: the same order, without the raw texts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from eventready.report.language import Language
from eventready.report.model import ORDER, Group, Line, Readiness

#: Shapes beside the words, as in the page.
SIGNS = {
    "NOT_READY": "[x]", "NOT_MEASURED": "[?]", "READY_WITH_RISK": "[!]", "READY": "[v]",
    "fail": "[x]", "not_measured": "[?]", "warn": "[!]", "pass": "[v]", "waived": "[-]",
}  # fmt: skip

#: Findings named per group, and devices listed in the appendix's summary.
NAMED = 20

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+!|~&-])")


def escaped(text: object) -> str:
    """Text that Markdown takes as text, on one line."""
    return _SPECIAL.sub(r"\\\1", str(text).replace("\n", " ").replace("\t", " "))


def to_markdown(report: Readiness, language: Language) -> str:
    """The whole document."""
    sections = (_head, _matrix, _wrong, _unmeasured, _trend, _changed, _duties, _waivers, _foot)
    return "\n".join(line for section in sections for line in section(report, language)).strip() + "\n"


def _signed(language: Language, status: str) -> str:
    return f"`{SIGNS[status]}` {language.status(status)}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield "| " + " | ".join(head) + " |"
    yield "|" + " --- |" * len(head)
    yield from ("| " + " | ".join(row) + " |" for row in rows)
    yield ""


def _head(report: Readiness, language: Language) -> Iterator[str]:
    t = language.phrase
    yield from (f"# {t('title')}: {escaped(report.event)}", "")
    if report.rehearsal:
        note = t("rehearsal_note", event=report.moment, real=report.real)
        yield from (f"> **{t('rehearsal')}.** {escaped(note)}", "")
    if report.interrupted:
        yield from (f"> **{escaped(t('interrupted'))}**", "")
    if not report.measured:
        yield from (f"> **{escaped(t('nothing'))}**", "")
    covered = f"{report.coverage} ({t('coverage_of', measured=report.measured, needed=report.needed)})"
    reached = t("devices_reached", reached=report.reached, count=report.devices)
    facts = (("at", report.moment), ("coverage", covered), ("devices", reached), ("run", report.run))
    yield from (f"- {t(key)}: {escaped(value)}" for key, value in facts)
    yield ""
    yield from (f"- `{SIGNS[key]}` {title}: {count}" for key, title, count in report.tally)
    yield ""


def _matrix(report: Readiness, language: Language) -> Iterator[str]:
    yield from (f"## {language.phrase('matrix')}", "")
    rows = []
    for row in report.matrix:
        fields = [escaped(row.name)]
        for square in row.squares:
            why = f" ({escaped(square.why)})" if square.why else ""
            off = f"_{language.phrase('not_offered')}_"
            fields.append(f"`{SIGNS[square.verdict]}` {square.title}{why}" if square.verdict else off)
        rows.append(fields)
    yield from _table([language.phrase("venue"), *map(escaped, report.columns)], rows)


def _group(group: Group, language: Language) -> Iterator[str]:
    yield f"- {_signed(language, group.status)} **{escaped(group.device)}**, {escaped(group.check_title)}"
    yield from _some(group.lines, language)


def _some(lines: Sequence[Line], language: Language) -> Iterator[str]:
    yield from (f"  - {escaped(line.message)}" for line in lines[:NAMED])
    if len(lines) > NAMED:
        yield f"  - {language.phrase('more', count=len(lines) - NAMED)}"


def _wrong(report: Readiness, language: Language) -> Iterator[str]:
    yield from (f"## {language.phrase('wrong')}", "")
    if not report.parts:
        yield from (language.phrase("wrong_none"), "")
    for part in report.parts:
        yield from (f"### {escaped(part.title)}", "")
        for group in part.groups:
            yield from _group(group, language)
        if not part.groups:
            yield language.phrase("venue_clear")
        if part.shared:
            yield from ("", language.phrase("shared_note", count=part.shared))
        yield ""


def _unmeasured(report: Readiness, language: Language) -> Iterator[str]:
    t = language.phrase
    yield from (f"## {t('unmeasured')}", "")
    sign = _signed(language, "not_measured")
    if not (report.unreached or report.unread or report.blind):
        yield from (t("unmeasured_none"), "")
    if report.unreached:
        yield from (f"### {t('unreached')}", "")
        for device in report.unreached:
            lost = t("lost", count=device.lost)
            yield f"- {sign} **{escaped(device.device)}**, {escaped(device.role)}: {escaped(device.reason)} {lost}"
        yield ""
    if report.unread:
        yield from (f"### {t('unread')}", "")
        for gap in report.unread:
            yield f"- {sign} **{escaped(gap.device)}**, {escaped(', '.join(gap.checks))}"
            yield from _some(gap.lines, language)
        yield ""
    if report.blind:
        yield from (f"### {t('blind')}", "", t("blind_note"), "")
        for spot in report.blind:
            some = ", ".join(spot.devices[:NAMED]) if len(spot.devices) <= NAMED else ""
            where = some or t("on_devices", count=len(spot.devices))
            yield f"- **{escaped(spot.check_title)}** ({escaped(where)}): {escaped(spot.message)}"
        yield ""


def _trend(report: Readiness, language: Language) -> Iterator[str]:
    yield from (f"## {language.phrase('trend')}", "")
    if not report.trend.charts:
        yield from (language.phrase("trend_none"), "")
        return
    moments = report.trend.charts[0].moments
    rows = [
        [escaped(moment), *(chart.shown[index] for chart in report.trend.charts)]
        for index, moment in enumerate(moments)
    ]
    yield from _table([language.phrase("at"), *(chart.title for chart in report.trend.charts)], rows)
    for change in report.trend.changes:
        yield f"- {change.title}: {change.count}"
        yield from (f"  - {escaped(line)}" for line in change.lines[:NAMED])
    yield ""


def _changed(report: Readiness, language: Language) -> Iterator[str]:
    yield from (f"## {language.phrase('changed')}", "")
    for change in report.changes:
        mark = f"**{escaped(change.emergency)}** " if change.emergency else ""
        said = f"{change.what}, {change.moment}, {change.by}: {change.standing}; {change.devices}"
        yield f"- {mark}{escaped(said)} ({escaped(change.id)})"
    yield from ((language.phrase("changed_none"), "") if not report.changes else ("",))


def _duties(report: Readiness, language: Language) -> Iterator[str]:
    yield from (f"## {language.phrase('duties')}", "")
    if not report.duties:
        yield from (language.phrase("no_finding"), "")
        return
    rows = [[escaped(f"{duty.id} {duty.title}".strip()), *map(str, duty.counts)] for duty in report.duties]
    yield from _table([language.phrase("duty"), *(language.status(status) for status in ORDER)], rows)


def _waivers(report: Readiness, language: Language) -> Iterator[str]:
    yield from (f"## {language.phrase('waivers')}", "")
    for line in report.waivers:
        said = f"{escaped(line.message)} ({escaped(line.waiver)})"
        yield f"- **{escaped(line.device)}**, {escaped(line.check_title)}: {said}"
    yield from ((language.phrase("waivers_none"), "") if not report.waivers else ("",))


def _foot(report: Readiness, language: Language) -> Iterator[str]:
    counts = ", ".join(f"{language.status(status)} {count}" for status, count in zip(ORDER, report.counts, strict=True))
    yield from (
        "---",
        "",
        f"{language.phrase('evidence')}: {counts}. `eventready runs show {report.run.replace('`', '')}`",
        "",
    )
    yield escaped(language.phrase("made_by", tool=report.tool, run=report.run))
