"""The verdicts of a run, venue by service, with their reasons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from eventready.core.language import Language, clean
from eventready.core.messages import known, text
from eventready.evaluation.verdicts import Readiness
from eventready.papers.material.findings import ORDER, Entry, RunContext
from eventready.store.run_walk import recorded_walk
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


def services(document: Entry) -> tuple[str, ...]:
    """The services of all venues, in the usual order."""
    offered = {str(service) for venue in _venues(document) for service in venue.get("services", ())}
    offered |= {str(verdict["service"]) for verdict in document.get("verdicts", ())}
    usual = [service for service in SERVICES if service in offered]
    return (*usual, *sorted(offered - set(usual)))


def verdict_rows(document: Entry, context: RunContext, statuses: Mapping[str, str]) -> tuple[VenueRow, ...]:
    """A row per venue; a missing verdict is shown as not measured. `statuses`: see RunFindings."""
    given = {(str(v["venue"]), str(v["service"])): v for v in document.get("verdicts", ())}
    offered = {str(venue["id"]): set(map(str, venue.get("services", ()))) for venue in _venues(document)}
    for venue, service in given:
        offered.setdefault(venue, set()).add(service)
    columns = services(document)
    return tuple(
        VenueRow(
            context.names([venue])[0],
            tuple(
                _cell(service, given.get((venue, service), {}), statuses, context.language)
                if service in own
                else VerdictCell(context.language.service(service))
                for service in columns
            ),
        )
        for venue, own in offered.items()
    )


def count_verdicts(rows: tuple[VenueRow, ...], language: Language) -> tuple[tuple[str, str, int], ...]:
    """The number of services of each verdict, the worst first: key, title, number."""
    found = Counter(cell.verdict for row in rows for cell in row.cells if cell.verdict)
    return tuple((key, language.verdict(key), found[key]) for key in _WORST_FIRST)


def _venues(document: Entry) -> tuple[Entry, ...]:
    return tuple(document.get("event_info", {}).get("venues", ()))


def _cell(service: str, verdict: Entry, statuses: Mapping[str, str], language: Language) -> VerdictCell:
    key = str(verdict.get("verdict", "NOT_MEASURED"))
    key = key if key in Readiness.__members__ else "NOT_MEASURED"
    walk = recorded_walk(verdict)
    reasons = [text(reason, language.code) for reason in map(str, verdict.get("reasons", ())) if known(reason)]
    sentence = " · ".join([clean(walk.sentence.render(language.code)), *reasons]) if walk else ""
    counted = _counted(verdict, statuses, language)
    reason = " · ".join(filter(None, ([] if walk else reasons) + [counted]))
    served = walk is not None and walk.state == "served"
    return VerdictCell(language.service(service), key, language.verdict(key), reason, sentence, served)


def _counted(verdict: Entry, statuses: Mapping[str, str], language: Language) -> str:
    """Number of the findings behind a verdict, by status."""
    counts: Counter[str] = Counter()
    for reference in map(str, verdict.get("because", ())):
        device, _, number = reference.removesuffix(")").rpartition(" (")
        if reference in statuses:
            counts[statuses[reference]] += 1
        elif device and number.isdecimal():
            counts["not_measured"] += int(number)
    numbers = [language.counted(status, counts[status]) for status in ORDER if counts[status]]
    return ", ".join(number.replace(" ", _NBSP) for number in numbers)
