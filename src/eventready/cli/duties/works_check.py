"""`eventready works check`, `works draft`: conflicts of planned works in the network of an audit, and the objection."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from eventready.checks.ip.ways import place_of
from eventready.checks.ip.works import window_title
from eventready.clauses.objections import objection_mail
from eventready.cli.audit.whatif import last_full, load_whatif
from eventready.cli.console import Cell, Listing, styled
from eventready.cli.context import App
from eventready.core.errors import Exit, UsageError, most_severe
from eventready.core.files import write_atomic
from eventready.core.groups import group_by
from eventready.core.messages import Message, in_language, message, term
from eventready.core.strings.texts import at, few
from eventready.network.conflicts import WorkConflict, WorkConflicts, guarded
from eventready.network.graph.outcome import WhatIf
from eventready.network.planned_work import PlannedWork
from eventready.store.run import Run
from eventready.works.register import named
from eventready.workspace.settings.event import Event

_COLUMNS = ("works", "window", "venue", "service", "state", "minutes", "from", "to")
_NAMED = 4


def check(app: App, *, run_name: str) -> Exit:
    """Cross the works with the windows of the event in the network of a run."""
    run, network = _network(app, run_name)
    conflicts = conflicts_of(network)
    found = conflicts.found(app.clock.now())
    lines = group_by(found, _line).values()
    harmless = [*_harmless(conflicts, found, app)]
    app.show(
        {"run": run.id, "conflicts": [as_json(one) for one in found], "unharmed": [work.name for work in harmless],
         "unknown": {work.name: _unknown(conflicts, work) for work in conflicts.works if _unknown(conflicts, work)}},
        Listing("works:check", _COLUMNS, (_row(app, same) for same in lines), "works:check.none"),
        (message("works:unharmed", name=work.name) for work in harmless), _sentences(conflicts),
    )  # fmt: skip
    codes = {Exit.FINDINGS} if found else {Exit.OK}
    unknown = any(one.outcome.state == "unmeasured" for one in found) or conflicts.unmeasured
    codes |= {Exit.INCOMPLETE} if unknown or any(_unknown(conflicts, work) for work in conflicts.works) else set()
    return most_severe(codes)


def draft(app: App, *, work: str, run_name: str, out: Path) -> None:
    """Write the draft of a mail to the provider about moving WORK; nothing is sent."""
    found = named(app.workspace.works, work)
    conflicts = conflicts_of(_network(app, run_name)[1]).found(app.clock.now())
    harm = [one for one in conflicts if {found.name, found.long_name} & {each.name for each in one.works}]
    if not harm:
        raise UsageError(message("works:no_harm", name=found.name))
    event, provider = app.workspace.event, app.workspace.circuits.provider(found.provider)
    sentences = [sentence(same, event) for same in group_by(harm, _line).values()]
    data = objection_mail(found, sentences, event, provider, app.clock.now(), lang=app.paper_lang)
    write_atomic(out, data, what="the draft")
    app.show({"file": str(out), "to": provider.email}, message("works:drafted", file=str(out), to=provider.email))


def _network(app: App, run_name: str) -> tuple[Run, WhatIf]:
    """Run of a name, else the last full audit, and its network."""
    with app.open_store(make=False) as store:
        run = store.get(run_name) if run_name else last_full(store, app.workspace)
    return run, load_whatif(app.workspace, run)


def sentence(same: Sequence[WorkConflict], event: Event) -> Message:
    """Sentence for a provider about conflicts of the same works in a window at a venue."""
    one = same[0]
    return message(
        f"works:harm.{one.outcome.state}", place=event.venue(one.outcome.venue).title, window=window_title(one.window),
        services=[message(f"terms:service.{each.outcome.service}") for each in same],
        minutes=round(max(each.minutes for each in same)), start=at(one.spans[0][0]), end=at(one.spans[-1][1]),
        together=message("works:harm.together") if len(one.works) > 1 else "",
    )  # fmt: skip


def conflicts_of(network: WhatIf) -> WorkConflicts:
    """Works within windows, with their conflicts."""
    setting = network.topology.setting
    windows = guarded(setting.windows)
    met = [work for work in setting.works if any(work.within(one.start, one.end) for one in windows)]
    return WorkConflicts(network, met, windows)


def _harmless(conflicts: WorkConflicts, found: Iterable[WorkConflict], app: App) -> Iterator[PlannedWork]:
    """Works of a known effect without a conflict from now on."""
    harmful = {work.name for one in found for work in one.works}
    for work in conflicts.works:
        if work.end > app.clock.now() and work.name not in harmful and not _unknown(conflicts, work):
            yield work


def _unknown(conflicts: WorkConflicts, work: PlannedWork) -> list[str]:
    return [*work.unmapped, *conflicts.unknown[work.name]]


def _sentences(conflicts: WorkConflicts) -> Iterator[Message]:
    """Sentences about works and services of which too little is known."""
    for work in conflicts.works:
        if names := _unknown(conflicts, work):
            yield message("works:unmapped", name=work.name, objects=few(names, _NAMED))
    if conflicts.unmeasured:
        yield message("works:unmeasured", services=few([place_of(*one) for one in conflicts.unmeasured], _NAMED))


def _line(one: WorkConflict) -> Hashable:
    """Conflicts in a line: of the same works in a window, with the same state at a venue."""
    return tuple(work.name for work in one.works), one.window, one.outcome.venue, one.outcome.state


def _row(app: App, same: Sequence[WorkConflict]) -> Sequence[Cell]:
    one = same[0]
    style = "yellow" if one.outcome.state in ("one_way_left", "unmeasured") else "bold red"
    services = [term("terms:service", each.outcome.service, app.lang) for each in same]
    return (
        " + ".join(work.name for work in one.works), window_title(one.window), one.outcome.venue, ", ".join(services),
        styled(term("whatif:state", one.outcome.state, app.lang), style),
        f"{max(each.minutes for each in same):.0f}", at(one.spans[0][0]), at(one.spans[-1][1]),
    )  # fmt: skip


def as_json(one: WorkConflict) -> dict[str, Any]:
    """Plain JSON types of a conflict."""
    return {
        "works": [work.name for work in one.works], "window": in_language(window_title(one.window), "en"),
        "kind": one.window.kind, "venue": one.outcome.venue, "service": one.outcome.service, "state": one.outcome.state,
        "minutes": round(one.minutes), "spans": [[start.isoformat(), end.isoformat()] for start, end in one.spans],
        "lost": list(one.outcome.lost), "users": one.outcome.users, "next": list(one.outcome.next),
    }  # fmt: skip
