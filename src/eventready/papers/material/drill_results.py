"""Measured drills for papers: every run before and after the changes, the worst of each, and the texts of figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from eventready.core.messages import Lang, number, term, text
from eventready.drill.record import DrillRun
from eventready.drill.spec import STREAMS
from eventready.drill.steps import MEASURED, ProbeResult, Stage


@dataclass(frozen=True)
class DrillComparison:
    """All runs of a drill, oldest first; before and after are the stages as the devices were read."""

    name: str
    runs: tuple[DrillRun, ...]

    def measured(self, stage: Stage) -> tuple[DrillRun, ...]:
        """Measured runs of a stage, oldest first."""
        return tuple(run for run in self.runs if run.outcome in MEASURED and run.prepared.stage == stage)

    @property
    def concluding(self) -> tuple[DrillRun, ...]:
        """Measured runs of the conclusion: after the changes, else before, else of an unknown stage."""
        return self.measured("after") or self.measured("before") or self.measured("unknown")

    @property
    def worst(self) -> DrillRun:
        """Run of the conclusion: the worst, and of equal ones the last."""
        return max(reversed(self.concluding), key=_badness)

    @property
    def repeated(self) -> bool:
        """True for a drill with failed runs before its last, which passed."""
        outcomes = [run.outcome for run in self.concluding]
        return outcomes[-1] == "passed" and any(outcome != "passed" for outcome in outcomes)

    def worst_of(self, stage: Stage, probe: str) -> ProbeResult | None:
        """Worst result of a probe in a stage; None without a measurement."""
        found = [one for run in self.measured(stage) if (one := probe_of(run, probe))]
        return max(reversed(found), key=_excess, default=None)

    def run_of(self, stage: Stage, result: ProbeResult | None) -> DrillRun | None:
        """Run of a result."""
        return next((run for run in reversed(self.measured(stage)) if any(one is result for one in run.probes)), None)


def drill_comparisons(runs: Sequence[DrillRun]) -> tuple[DrillComparison, ...]:
    """Every measured drill with all its runs, in the order in which the drills were first run."""
    names = dict.fromkeys(run.drill.name for run in runs if run.outcome in MEASURED)
    return tuple(DrillComparison(name, tuple(run for run in runs if run.drill.name == name)) for name in names)


def _excess(probe: ProbeResult) -> float:
    """Value of a result in parts of its limit, the worst of its measures; infinite for an outage without an end."""
    values = [(one.value, one.limit) for one in probe.measures] or [(probe.value, probe.limit)]
    return max(inf if value is None else value / limit if limit else (inf if value else 0.0) for value, limit in values)


def _badness(run: DrillRun) -> tuple[bool, float]:
    return run.outcome != "passed", max((_excess(probe) for probe in run.probes), default=0.0)


def drill_title(run: DrillRun, lang: Lang) -> str:
    """Title of a drill in a language."""
    return run.drill.title.text.render(lang)


def probe_of(run: DrillRun | None, name: str) -> ProbeResult | None:
    """Result of a probe; None without a run or without the probe."""
    return next((probe for probe in (run.probes if run else ()) if probe.probe == name), None)


def probe_value(probe: ProbeResult | None, lang: Lang) -> str:
    """Measured values of the failure in words: not measured, never recovered, or figures."""
    if probe is None or probe.void:
        return text("papers:drill_not_run", lang)
    if probe.value is None and probe.kind not in STREAMS:
        return text("papers:drill_no_count", lang)
    if not probe.measures:
        return _value(probe.value, probe.unit, lang)
    return "; ".join(
        text(f"papers:drill_measure.{one.name}", lang, figure=_value(one.value, one.unit, lang))
        for one in probe.measures
        if one.name != "repair"
    )


def repair_value(probe: ProbeResult | None, lang: Lang) -> str:
    """Outage of the repair in words; or a dash."""
    repair = probe.measure("repair") if probe else None
    return _value(repair.value, repair.unit, lang) if repair else "-"


def limit_value(probe: ProbeResult, lang: Lang) -> str:
    """Limits of a probe as figures."""
    if not probe.measures:
        return figure(probe.limit, probe.unit, lang)
    return "; ".join(figure(one.limit, one.unit, lang) for one in probe.measures if one.name != "repair")


def figure(value: float, unit: str, lang: Lang) -> str:
    """Return a figure with its unit: milliseconds whole, other units with a single decimal in the mark of the
    language."""
    return f"{number(value, lang, '.0f' if unit == 'ms' else '.1f')} {'×' if unit == 'x' else unit}"


def prediction(run: DrillRun, lang: Lang) -> str:
    """The prediction of the audit before the drill, held against the result."""
    if run.outcome == "unpredicted":
        return text("papers:drill_prediction.missed", lang)
    announced = bool(run.predicted)
    return text("papers:drill_prediction.announced" if announced else "papers:drill_prediction.none", lang)


def outcome_text(run: DrillRun, lang: Lang) -> str:
    """Outcome of a run as a word."""
    return term("papers:drill_outcome", run.outcome or "open", lang)


def _value(value: float | None, unit: str, lang: Lang) -> str:
    return text("papers:drill_no_end", lang) if value is None else figure(value, unit, lang)
