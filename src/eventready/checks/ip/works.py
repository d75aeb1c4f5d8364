"""Planned works against the windows of the event, by the graph of the network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pydantic import Field

from eventready.checks.answer import Value, answered, blind, passed, unknown
from eventready.checks.check import Limits
from eventready.checks.finding import Finding, Outcome
from eventready.checks.ip.redundancy import network_check
from eventready.checks.ip.ways import place_of
from eventready.core.groups import group_by
from eventready.core.messages import Bilingual, Message, message
from eventready.core.strings.texts import at, few
from eventready.network.conflicts import WorkConflict, WorkConflicts, guarded
from eventready.network.graph.outcome import WhatIf
from eventready.network.planned_work import PlannedWork
from eventready.workspace.settings.event import Window

#: Name of the check.
WORKS_CONFLICT = "works_conflict"
#: Subject without any works.
_FOLDER = "inventory/works"
#: Names shown of many.
_NAMED = 4


class WorkLimits(Limits):
    """Minutes of a window without a service, and with a single way left."""

    blocks: bool = Field(default=True, strict=True, description="A failure counts as quality [K]")
    lost_min: float = Field(default=1, gt=0, description="Failure from so many minutes without a service [K]")
    one_way_min: float = Field(default=1, gt=0, description="Warning from so many minutes with a single way left [K]")


@network_check(WORKS_CONFLICT, limits=WorkLimits())
def works_conflict(network: WhatIf, limits: WorkLimits) -> Iterator[Finding]:
    """No planned work takes a service, or its second way, in a window of the event."""
    setting = network.topology.setting
    moment = setting.moment
    windows = [one for one in guarded(setting.windows) if moment is None or one.end > moment]
    works = [one for one in setting.works if any(one.within(window.start, window.end) for window in windows)]
    conflicts = WorkConflicts(network, works, windows)
    found = conflicts.found(moment or min((one.start for one in works), default=windows[0].start)) if windows else ()
    harmful = {work.name for one in found for work in one.works}
    for same in group_by(found, _subject).values():
        yield _finding(same, limits, _places(network))
    for work in works:
        if missing := (*work.unmapped, *conflicts.unknown[work.name]):
            yield _unmapped(work, missing, network)
        elif work.name not in harmful:
            yield _harmless(work, conflicts)
    if not works and network.served:
        yield passed(_FOLDER, "checks:works_conflict.none")


def _harmless(work: PlannedWork, conflicts: WorkConflicts) -> Finding:
    """Finding of a work without a conflict, as far as the network was measured."""
    if not conflicts.unmeasured:
        return passed(work.name, "checks:works_conflict.harmless")
    services = [place_of(venue, service) for venue, service in conflicts.unmeasured]
    items = message("terms:several", items=few(services, _NAMED))
    finding = unknown(work.name, "checks:works_conflict.not_known", services=items)
    venues, names = zip(*conflicts.unmeasured, strict=True)
    return finding.replace(venues=tuple(dict.fromkeys(venues)), services=tuple(dict.fromkeys(names)))


def _subject(one: WorkConflict) -> str:
    """Subject of the finding of a conflict: works, venue, begin of the window, and state unless lost."""
    names = " + ".join(work.name for work in one.works)
    state = "" if one.outcome.state == "lost" else f" {one.outcome.state}"
    return f"{names} {one.outcome.venue} {one.window.start:%Y-%m-%d %H:%M}{state}"


def _places(network: WhatIf) -> Mapping[str, Bilingual]:
    return {one.id: one.title for one in network.topology.setting.venues}


def _finding(same: Sequence[WorkConflict], limits: WorkLimits, titles: Mapping[str, Bilingual]) -> Finding:
    """Finding of the conflicts of the same works in a window, with the same state at a venue."""
    one, minutes = same[0], max(each.minutes for each in same)
    state, venue = one.outcome.state, one.outcome.venue
    services = [message(f"terms:service.{each.outcome.service}") for each in same]
    following = dict.fromkeys(name for each in same for name in each.outcome.next)
    values: dict[str, Value] = {
        "works": message("terms:several", items=[work.name for work in one.works]),
        "services": message("terms:several", items=services), "place": titles.get(venue, venue),
        "window": window_title(one.window), "value": round(minutes), "next": ", ".join(few([*following], _NAMED)),
        "start": at(min(each.spans[0][0] for each in same)), "end": at(max(each.spans[-1][1] for each in same)),
    }  # fmt: skip
    limit = limits.one_way_min if state == "one_way_left" else limits.lost_min
    finding = answered(
        _status(state, minutes, limit, tentative=any(work.tentative for work in one.works)),
        _subject(one), f"checks:works_conflict.{state}", unit="min", venues=(venue,), limit=limit, **values,
    )  # fmt: skip
    return finding.replace(services=tuple(each.outcome.service for each in same))


def _status(state: str, minutes: float, limit: float, *, tentative: bool) -> Outcome:
    """Outcome by state; a tentative work is a warning to answer."""
    if state == "unmeasured":
        return Outcome.NOT_MEASURED
    if minutes < limit:
        return Outcome.PASS
    return Outcome.WARN if tentative or state == "one_way_left" else Outcome.FAIL


def window_title(window: Window) -> Bilingual | Message:
    """Title of a window, or the word for its kind."""
    return window.title if window.name or window.name_vi else message(f"checks:works_conflict.window_{window.kind}")


def _unmapped(work: PlannedWork, missing: Sequence[str], network: WhatIf) -> Finding:
    """Finding of a work of unknown harm: a risk for all services."""
    venues = network.topology.setting.venues
    objects = ", ".join(few(missing, _NAMED))
    finding = blind(work.name, "checks:works_conflict.unmapped", venues=[one.id for one in venues], objects=objects)
    return finding.replace(services=tuple(dict.fromkeys(each for one in venues for each in one.services)))
