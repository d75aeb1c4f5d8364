"""Consolidated report of the department: figures and findings of all operators in a single paper."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from eventready.core.language import clean
from eventready.core.messages import Lang
from eventready.papers.document.model import Block, Document, Heading, OnScreen, paragraph
from eventready.papers.document.profile import Profile
from eventready.papers.document.sources import cited
from eventready.papers.kinds.weekly import proposals
from eventready.papers.material.material import Material, Week
from eventready.papers.sections.run_sections import seen_sentences, unconfirmed_items
from eventready.papers.sections.writer import PaperWriter
from eventready.province.bundles.bundle import Bundle, BundlePolicy
from eventready.province.bundles.receive import ReceivedBundles
from eventready.province.overview import WORST, OperatorAtVenue, OperatorRow, at_venue, row, venues_of, worst
from eventready.province.tables import (
    clause_table,
    finding_table,
    incident_table,
    operator_table,
    service_table,
)
from eventready.roster.roster import ROLES
from eventready.workspace.settings.duties import Duty
from eventready.workspace.settings.event import Event


def province(
    received: ReceivedBundles, policy: BundlePolicy, event: Event, profile: Profile, lang: Lang = "vi",
    *, duties: Sequence[Duty] = (),
) -> Document:  # fmt: skip
    """The report of accepted bundles; `event`, `duties` and `profile` are those of the department's workspace."""
    moment = policy.moment
    material = Material(
        event=event, moment=moment, week=Week.at(moment, event.report_weekday), rehearsal=policy.rehearsal
    )
    writer = PaperWriter("province", material, profile, lang)
    bundles = received.bundles
    rows = tuple(row(bundle, event) for bundle in bundles)
    figures = [
        writer.outline.section(writer.text("papers:province_overall")),
        *_overall(writer, received, rows),
        writer.outline.section(writer.text("papers:province_services")),
        *_venues(writer, event, received),
        *_services(writer, bundles, event),
        *_unconfirmed(writer, bundles),
        writer.outline.section(writer.text("papers:province_duty")),
        *writer.bullets(_roster(writer, bundle) for bundle in bundles),
        writer.outline.section(writer.text("papers:head_incidents")),
        *_incidents(writer, bundles, rows),
        writer.outline.section(writer.text("papers:head_open")),
        *_open(writer, rows),
    ]
    blocks = [*writer.head(), *cited("bundle", figures), *proposals(writer), *writer.close()]
    _annexes(writer, bundles, duties)
    return writer.document(blocks)


def _overall(writer: PaperWriter, received: ReceivedBundles, rows: Sequence[OperatorRow]) -> Iterator[Block]:
    """Yield the number of reports, operators without a report, refused files (on screen only), and a row per
    operator."""
    yield writer.p("papers:province_counted", count=len(received.bundles))
    if received.silent:
        yield writer.p("papers:province_silent", names=", ".join(received.silent))
    if received.refused:
        yield writer.p("papers:province_refused", count=len(received.refused))
        files = [f"{clean(one.path.name)}: {clean(one.error.reason(writer.lang))}" for one in received.refused]
        heading = Heading(2, writer.text("papers:province_refused_files"))
        yield OnScreen((heading, *writer.bullets(files)))
    if received.rewritten:
        yield writer.p("papers:province_rewritten", names=", ".join(received.rewritten))
    yield operator_table(writer, rows)
    yield from _seen(writer, received.bundles)
    yield writer.note("papers:verdict_note")


def _seen(writer: PaperWriter, bundles: Sequence[Bundle]) -> Iterator[Block]:
    """Yield a paragraph per operator on the rest beside its share of measured readings."""
    for bundle in bundles:
        run = bundle.run
        if sentences := seen_sentences(writer, run.seen, run.uncovered, run.unseen_devices):
            yield paragraph(f"{clean(bundle.operator)}: {' '.join(sentences)}")


_NONE = "papers:province_none"


def _venues(writer: PaperWriter, event: Event, received: ReceivedBundles) -> list[Block]:
    """Return a line per venue: its worst verdict, and the operators by verdict with the services concerned; then the
    operators whose bundles name no venue."""
    lines = writer.bullets(
        _venue(writer, venue.title.render(writer.lang), at_venue(venue, received.bundles, received.silent))
        for venue in event.venues
    )
    unknown = [bundle.operator for bundle in received.bundles if not bundle.run.present and not venues_of(bundle)]
    return [*lines, *([writer.p("papers:province_not_compared", names=", ".join(unknown))] if unknown else [])]


def _venue(writer: PaperWriter, name: str, operators: Sequence[OperatorAtVenue]) -> str:
    offered = [one.verdict for one in operators if one.verdict]
    conclusion = worst(offered) if offered else "NOT_MEASURED"
    groups: dict[str, list[str]] = {}
    for one in sorted(operators, key=lambda one: WORST.index(one.verdict) if one.verdict else len(WORST)):
        missing = one.missing or ("" if one.verdict else "offered")
        word = writer.term(_NONE, missing) if missing else writer.language.verdict(str(one.verdict))
        services = ", ".join(map(writer.language.service, one.services)) if one.verdict != "READY" else ""
        groups.setdefault(word, []).append(f"{one.operator} ({services})" if services else one.operator)
    details = "; ".join(f"{word}: {', '.join(names)}" for word, names in groups.items())
    return writer.text(
        "papers:province_venue", venue=name, verdict=writer.language.verdict(conclusion).upper(), details=clean(details)
    )


def _services(writer: PaperWriter, bundles: Sequence[Bundle], event: Event) -> list[Block]:
    if not any(bundle.run.present for bundle in bundles):
        return [writer.p("papers:province_no_verdicts")]
    return [service_table(writer, bundles, event)]


def _unconfirmed(writer: PaperWriter, bundles: Sequence[Bundle]) -> list[Block]:
    """Return a paragraph per operator with platforms measured in forms without public source."""
    return [
        writer.p("papers:province_unconfirmed", operator=bundle.operator, items=items)
        for bundle in bundles
        if (items := unconfirmed_items(writer, bundle.run.unconfirmed))
    ]


def _roster(writer: PaperWriter, bundle: Bundle) -> str:
    """Return a sentence about the roster of an operator."""
    roster, operator = bundle.roster, bundle.operator
    if not roster.present:
        return writer.text("papers:province_roster_none", operator=operator)
    gaps = {role: minutes for role, minutes in roster.gaps.items() if minutes}
    if gaps:
        roles = ", ".join(writer.term("papers:role", role).lower() for role in gaps if role in ROLES)
        minutes = sum(gaps.values())
        return writer.text(
            "papers:province_roster_gaps", operator=operator, length=writer.duration(minutes), roles=roles
        )
    if roster.errors:
        return writer.text("papers:province_roster_errors", operator=operator, errors=roster.errors)
    start, end = (
        writer.moment(at, short=True) if isinstance(at, datetime) else "" for at in (roster.start, roster.end)
    )
    return writer.text("papers:province_roster_full", operator=operator, start=start, end=end)


def _incidents(writer: PaperWriter, bundles: Sequence[Bundle], rows: Sequence[OperatorRow]) -> list[Block]:
    count = sum(one.incidents for one in rows)
    if not count:
        return [writer.p("papers:province_incidents_none")]
    unrestored, overdue = sum(one.open_incidents for one in rows), sum(one.overdue for one in rows)
    opening = writer.p("papers:province_incidents", count=count, open=unrestored, overdue=overdue)
    return [opening, incident_table(writer, bundles)]


def _open(writer: PaperWriter, rows: Sequence[OperatorRow]) -> list[Block]:
    """Return an item for each operator with failed or unmeasured findings, or late clauses."""
    items = [
        writer.text(
            "papers:province_open",
            operator=one.operator,
            fail=one.fail,
            unmeasured=one.unmeasured,
            late=one.late,
            not_done=one.not_done,
        )
        for one in rows
        if one.fail or one.unmeasured or one.late or one.not_done
    ]
    return writer.bullets(items) or [writer.p("papers:province_open_none")]


def _annexes(writer: PaperWriter, bundles: Sequence[Bundle], duties: Sequence[Duty]) -> None:
    clauses, findings = clause_table(writer, bundles, duties), finding_table(writer, bundles)
    none = writer.p("papers:province_findings_none")
    writer.annex(clauses.name, cited("bundle", [clauses]), landscape=True)
    writer.annex(findings.name, cited("bundle", [findings if findings.rows else none]), landscape=True)
