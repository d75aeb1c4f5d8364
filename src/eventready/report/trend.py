"""The run among earlier ones: small charts, and what became of each finding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from eventready.checks.diff import Change, compare
from eventready.report.language import Language, clean
from eventready.report.model import Changed, Charted, Trend
from eventready.run import Run, Summary

#: Columns of a chart, and findings named under each kind of change.
COLUMNS, NAMED = 20, 25

_KINDS = ("new", "worse", "fixed", "better", "unseen", "still")
_NAMED_KINDS = frozenset(_KINDS) - {"still"}


def trend(run: Run, previous: Run | None, earlier: Sequence[Summary], language: Language) -> Trend:
    """Charts over up to COLUMNS runs, this one last; changes since `previous`."""
    points = (*earlier[-(COLUMNS - 1) :], Summary.of(run.document))
    if len(points) < 2 and previous is None:
        return Trend()
    charts = tuple(_count_chart(status, points, language) for status in ("fail", "warn", "not_measured"))
    return Trend(
        runs=len(points),
        charts=(*charts, _coverage_chart(points, language)),
        compared_with=previous.id if previous else "",
        changes=_changes(previous, run, language) if previous else (),
    )


def _count_chart(status: str, points: Sequence[Summary], language: Language) -> Charted:
    values = [float(point.counts.get(status, 0)) for point in points]
    return _chart(language.status(status), status, values, points, language)


def _coverage_chart(points: Sequence[Summary], language: Language) -> Charted:
    chart = _chart(language.phrase("coverage"), "coverage", [point.ratio for point in points], points, language)
    return replace(chart, shown=tuple(language.percent(ratio) for ratio in chart.values), top=1.0)


def _chart(title: str, status: str, values: Sequence[float], points: Sequence[Summary], language: Language) -> Charted:
    return Charted(
        title=title,
        status=status,
        values=tuple(values),
        shown=tuple(f"{value:.0f}" for value in values),
        moments=tuple(language.moment(point.moment) for point in points),
        top=max(values) or 1.0,
    )


def _changes(previous: Run, run: Run, language: Language) -> tuple[Changed, ...]:
    diff = compare(previous.document.get("findings", ()), run.document.get("findings", ()))
    found = ((kind, getattr(diff, kind)) for kind in _KINDS)
    return tuple(
        Changed(
            kind,
            language.phrase(f"change_{kind}"),
            len(changes),
            tuple(_say(change, language) for change in changes[:NAMED]) if kind in _NAMED_KINDS else (),
        )
        for kind, changes in found
    )


def _say(change: Change, language: Language) -> str:
    entry = change.after or change.before or {}
    said = f"{clean(entry.get('device', ''))}: {language.sentence(entry)}"
    if change.before and change.after and change.before["status"] != change.after["status"]:
        steps = (language.status(str(side["status"])).lower() for side in (change.before, change.after))
        return f"{said} ({' → '.join(steps)})"
    return said
