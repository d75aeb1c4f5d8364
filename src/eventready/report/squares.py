"""The matrix of verdicts, venue by service, with what each rests on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from eventready.report.language import Language
from eventready.report.messages import MESSAGES_VI
from eventready.report.model import ORDER, Document, Place, Square, VenueRow
from eventready.report.words import VERDICTS

#: Services in the order in which the letter names them.
SERVICES = ("fixed", "internet", "mobile", "wifi")
#: Between a count and what it counts, so that a narrow square breaks after the comma.
_NBSP = "\u00a0"


def columns(document: Document) -> tuple[str, ...]:
    """The services that any venue has."""
    offered = {str(service) for venue in _venues(document) for service in venue.get("services", ())}
    offered |= {str(verdict["service"]) for verdict in document.get("verdicts", ())}
    known = [service for service in SERVICES if service in offered]
    return (*known, *sorted(offered - set(known)))


def matrix(document: Document, place: Place) -> tuple[VenueRow, ...]:
    """A row per venue; a verdict that is not there is shown as not measured, never left empty."""
    given = {(str(v["venue"]), str(v["service"])): v for v in document.get("verdicts", ())}
    statuses = {_reference(finding): str(finding["status"]) for finding in document.get("findings", ())}
    offered = {str(venue["id"]): set(map(str, venue.get("services", ()))) for venue in _venues(document)}
    for venue, service in given:
        offered.setdefault(venue, set()).add(service)
    return tuple(
        VenueRow(
            venue,
            place.names([venue])[0],
            tuple(
                _square(service, given.get((venue, service), {}), statuses, place.language)
                if service in services
                else Square(service, place.language.service(service))
                for service in columns(document)
            ),
        )
        for venue, services in offered.items()
    )


def tally(rows: tuple[VenueRow, ...], language: Language) -> tuple[tuple[str, str, int], ...]:
    """How many services have each verdict, the worst first: key, title, count."""
    found = Counter(square.verdict for row in rows for square in row.squares if square.verdict)
    worst_first = ("NOT_READY", "NOT_MEASURED", "READY_WITH_RISK", "READY")
    return tuple((key, language.verdict(key), found[key]) for key in worst_first)


def _venues(document: Document) -> tuple[Document, ...]:
    return tuple(document.get("event_info", {}).get("venues", ()))


def _reference(finding: Document) -> str:
    """How a verdict's `because` refers to a finding."""
    return " ".join(str(finding.get(key, "")) for key in ("device", "check", "subject")).strip()


def _square(service: str, verdict: Document, statuses: Mapping[str, str], language: Language) -> Square:
    key = str(verdict.get("verdict", "NOT_MEASURED"))
    key = key if key in VERDICTS else "NOT_MEASURED"
    why = _why(list(map(str, verdict.get("because", ()))), statuses, language)
    return Square(service, language.service(service), key, language.verdict(key), why)


def _why(because: list[str], statuses: Mapping[str, str], language: Language) -> str:
    said = [reason for reason in because if reason in MESSAGES_VI]
    counts: Counter[str] = Counter()
    for reason in because:
        device, _, number = reason.removesuffix(")").rpartition(" (")
        if reason in statuses:
            counts[statuses[reason]] += 1
        elif device and number.isdecimal():
            counts["not_measured"] += int(number)
    told = [f"{counts[status]} {language.status(status).lower()}" for status in ORDER if counts[status]]
    counted = ", ".join(count.replace(" ", _NBSP) for count in told)
    sentences = [MESSAGES_VI[reason] if language.code == "vi" else reason for reason in said]
    return " · ".join([*sentences, *([counted] if counted else [])])
