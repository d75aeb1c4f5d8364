"""A run among earlier ones: numbers of findings as series, and the changes since the run before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eventready.core.language import Language
from eventready.core.messages import term
from eventready.drawing.charts import Series
from eventready.evaluation.alike import Row, rows
from eventready.evaluation.causes import causes
from eventready.evaluation.differences import Change, change_about, compare_runs, rests_between
from eventready.store.run import Run, Summary
from eventready.store.run_records import Named

#: Runs of a series, and findings named under each kind of change.
RUNS, NAMED = 20, 25

_KINDS = ("new", "worse", "fixed", "better", "unseen", "still")


@dataclass(frozen=True)
class FindingChanges:
    """Findings with the same kind of change since the previous run: their number, and sentences for some of them.

    `lines`: sentences, each with the number of its findings.
    """

    title: str
    count: int
    lines: tuple[tuple[str, int], ...]


def series(now: Summary, earlier: Sequence[Summary], language: Language) -> tuple[Series, ...]:
    """Failed, warned and unmeasured findings and the coverage over up to RUNS runs; empty for a single run."""
    points = (*earlier[-(RUNS - 1) :], now)
    if len(points) < 2:
        return ()
    counted = tuple(_counts(status, points, language) for status in ("fail", "warn", "not_measured"))
    return (*counted, _coverage(points, language))


def finding_changes(
    previous: Run, run: Run, subjects_open: Mapping[tuple[str, str], int], language: Language
) -> tuple[FindingChanges, ...]:
    """Return the changes of findings between two consecutive runs."""
    diff = compare_runs(previous, run, subjects_open)
    rests = rests_between(previous, run)
    found = ((kind, getattr(diff, kind)) for kind in _KINDS)
    return tuple(
        FindingChanges(
            term("page:change", kind, language.code),
            len(changes),
            tuple((_sentence(row, language), row.count) for row in change_rows(changes, rests)[:NAMED])
            if kind != "still"
            else (),
        )
        for kind, changes in found
    )


def _counts(status: str, points: Sequence[Summary], language: Language) -> Series:
    values = tuple(float(point.counts.get(status, 0)) for point in points)
    texts = tuple(language.number(value, ".0f") for value in values)
    return Series(language.status(status), status, values, texts, _moments(points, language), max(values) or 1.0)


def _coverage(points: Sequence[Summary], language: Language) -> Series:
    values = tuple(point.ratio for point in points)
    texts = tuple(language.percent(value) for value in values)
    return Series(language.phrase("page:coverage"), "coverage", values, texts, _moments(points, language), 1.0)


def _moments(points: Sequence[Summary], language: Language) -> tuple[str, ...]:
    return tuple(language.moment(point.moment) for point in points)


def change_rows(changes: Sequence[Change], rests: Mapping[Named, Named]) -> list[Row[Change]]:
    """Return alike changes in rows; changes caused by a lost element stand behind its change."""
    return rows(changes, change_about, causes((change.entry for change in changes), rests))


def _sentence(row: Row[Change], language: Language) -> str:
    change, devices = row.first, language.names(row.devices)
    sentence = f"{devices}: {row.sentence(language, language.sentence(change.entry))}"
    if change.before and change.after and change.before.status != change.after.status:
        steps = (language.status(side.status).lower() for side in (change.before, change.after))
        return f"{sentence} ({' → '.join(steps)})"
    return sentence
