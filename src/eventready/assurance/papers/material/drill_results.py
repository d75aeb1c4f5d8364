"""Measured drills for papers: the last run before and after the changes, and the texts of their figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from eventready.assurance.clauses.proof import DRILL_MEASURED
from eventready.core.messages import Lang, number, text
from eventready.drill.record import DrillRun, ProbeResult


@dataclass(frozen=True)
class DrillComparison:
    """Last measured runs of a drill without and with a change in force; None if missing."""

    name: str
    before: DrillRun | None
    after: DrillRun | None

    @property
    def latest(self) -> DrillRun:
        """Return the run of the conclusion: after the changes if available."""
        found = self.after or self.before
        if found is None:
            raise ValueError(f"{self.name} was never run")
        return found


def drill_comparisons(runs: Sequence[DrillRun]) -> tuple[DrillComparison, ...]:
    """Compare every measured drill, in the order in which the drills were first run."""
    before: dict[str, DrillRun] = {}
    after: dict[str, DrillRun] = {}
    for run in runs:
        if run.outcome in DRILL_MEASURED:
            (after if run.changes else before)[run.drill.name] = run
    names = dict.fromkeys(run.drill.name for run in runs if run.drill.name in before or run.drill.name in after)
    return tuple(DrillComparison(name, before.get(name), after.get(name)) for name in names)


def drill_title(run: DrillRun, lang: Lang) -> str:
    """Title of a drill in a language."""
    return run.drill.title.text.render(lang)


def probe_title(run: DrillRun, name: str, lang: Lang) -> str:
    """Name of a probe in a language."""
    return next((probe.name_in(lang) for probe in run.drill.probes if probe.name == name), name)


def probe_of(run: DrillRun | None, name: str) -> ProbeResult | None:
    """Result of a probe; None without a run or without the probe."""
    return next((probe for probe in (run.probes if run else ()) if probe.probe == name), None)


def probe_value(probe: ProbeResult | None, lang: Lang) -> str:
    """Measured value in words: not measured, never recovered, or a figure."""
    if probe is None:
        return text("papers:drill_not_run", lang)
    return text("papers:drill_no_end", lang) if probe.value is None else figure(probe.value, probe.unit, lang)


def figure(value: float, unit: str, lang: Lang) -> str:
    """Return a figure with its unit: milliseconds whole, other units with a single decimal in the mark of the
    language."""
    return f"{number(value, lang, '.0f' if unit == 'ms' else '.1f')} {'×' if unit == 'x' else unit}"


def prediction(run: DrillRun, lang: Lang) -> str:
    """The prediction of the audit before the drill, held against the result."""
    if run.outcome == "unpredicted":
        return text("papers:drill_prediction.missed", lang)
    announced = bool(run.step("prechecked").get("predicted"))
    return text("papers:drill_prediction.announced" if announced else "papers:drill_prediction.none", lang)
