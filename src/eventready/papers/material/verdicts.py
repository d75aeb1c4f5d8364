"""The verdicts of a run, venue by service, with their reasons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from eventready.core.language import Language, clean
from eventready.core.messages import known, text
from eventready.papers.material.findings import ORDER, RunContext
from eventready.store.run import Run
from eventready.store.run_records import RunVerdict
from eventready.workspace.devices.device import SERVICES

#: Between a number and its noun, so that a narrow cell breaks after the comma.
_NBSP = "\N{NO-BREAK SPACE}"
_WORST_FIRST = ("NOT_READY", "NOT_MEASURED", "READY_WITH_RISK", "READY")


@dataclass(frozen=True)
class VerdictCell:
    """Verdict of a service at a venue, empty for a venue without the service.

    `walk`: sentence on the ways of the users, with its proof and the reasons of the verdict.
    `served`: all users have the ways promised.
    """

    service_title: str
    verdict: str = ""
    title: str = ""
    reason: str = ""
    walk: str = ""
    served: bool = False


@dataclass(frozen=True)
class VenueRow:
    """Verdicts of a venue, a cell per service."""

    name: str
    cells: tuple[VerdictCell, ...]


def verdict_rows(run: Run, context: RunContext, statuses: Mapping[str, str]) -> tuple[VenueRow, ...]:
    """A row per venue; a missing verdict is shown as not measured. `statuses`: see RunFindings."""
    given = {verdict.place: verdict for verdict in run.verdicts(whole=True)}
    offered = {venue.id: set(venue.services) for venue in run.header.event_info.venues}
    for venue, service in given:
        offered.setdefault(venue, set()).add(service)
    columns = _usual_order(set[str]().union(*offered.values()))
    return tuple(
        VenueRow(
            context.names([venue])[0],
            tuple(
                _cell(given.get((venue, service)) or RunVerdict(venue, service, "NOT_MEASURED"), statuses, context)
                if service in own
                else VerdictCell(context.language.service(service))
                for service in columns
            ),
        )
        for venue, own in offered.items()
    )


def _usual_order(offered: set[str]) -> tuple[str, ...]:
    usual = [service for service in SERVICES if service in offered]
    return (*usual, *sorted(offered - set(usual)))


def count_verdicts(rows: tuple[VenueRow, ...], language: Language) -> tuple[tuple[str, str, int], ...]:
    """The number of services of each verdict, the worst first: key, title, number."""
    found = Counter(cell.verdict for row in rows for cell in row.cells if cell.verdict)
    return tuple((key, language.verdict(key), found[key]) for key in _WORST_FIRST)


def _cell(verdict: RunVerdict, statuses: Mapping[str, str], context: RunContext) -> VerdictCell:
    language, walk = context.language, verdict.walk
    reasons = [text(reason, language.code) for reason in verdict.reasons if known(reason)]
    sentence = " · ".join([clean(walk.sentence.render(language.code)), *reasons]) if walk else ""
    counted = _counted(verdict, statuses, language)
    reason = " · ".join(filter(None, ([] if walk else reasons) + [counted]))
    served = walk is not None and walk.state == "served"
    word = language.verdict(verdict.verdict)
    return VerdictCell(language.service(verdict.service), verdict.verdict, word, reason, sentence, served)


def _counted(verdict: RunVerdict, statuses: Mapping[str, str], language: Language) -> str:
    """Number of the findings behind a verdict, by status."""
    counts: Counter[str] = Counter()
    for reference in verdict.because:
        device, _, number = reference.removesuffix(")").rpartition(" (")
        if reference in statuses:
            counts[statuses[reference]] += 1
        elif device and number.isdecimal():
            counts["not_measured"] += int(number)
    numbers = [language.counted(status, counts[status]) for status in ORDER if counts[status]]
    return ", ".join(number.replace(" ", _NBSP) for number in numbers)
