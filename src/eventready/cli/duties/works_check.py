"""`eventready works check`: conflicts of planned works in the network of an audit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from eventready.checks.ip.works import window_title
from eventready.cli.audit.whatif import last_full, load_whatif
from eventready.cli.console import Cell, Listing, styled
from eventready.cli.context import App
from eventready.core.errors import Exit, most_severe
from eventready.core.messages import Message, in_language, message, term
from eventready.core.strings.texts import at, few
from eventready.network.conflicts import WorkConflict, WorkConflicts, guarded
from eventready.network.graph.outcome import WhatIf
from eventready.network.planned_work import PlannedWork

_COLUMNS = ("works", "window", "venue", "service", "state", "minutes", "from", "to")
_NAMED = 4


def check(app: App, *, run_name: str) -> Exit:
    """Cross the works with the windows of the event in the network of a run."""
    with app.open_store(make=False) as store:
        run = store.get(run_name) if run_name else last_full(store, app.workspace)
    network = load_whatif(app.workspace, run)
    conflicts = conflicts_of(network)
    found = conflicts.found(app.clock.now())
    harmless = [*_harmless(conflicts, found, app)]
    app.show(
        {"run": run.id, "conflicts": [as_json(one) for one in found], "unharmed": [work.name for work in harmless],
         "unknown": {work.name: _unknown(conflicts, work) for work in conflicts.works if _unknown(conflicts, work)}},
        Listing("works:check", _COLUMNS, (_row(app, one) for one in found), "works:check.none"),
        (message("works:unharmed", name=work.name) for work in harmless), _sentences(conflicts),
    )  # fmt: skip
    codes = {Exit.FINDINGS} if found else {Exit.OK}
    unknown = any(one.outcome.state == "unmeasured" for one in found) or conflicts.unmeasured
    codes |= {Exit.INCOMPLETE} if unknown or any(_unknown(conflicts, work) for work in conflicts.works) else set()
    return most_severe(codes)


def conflicts_of(network: WhatIf) -> WorkConflicts:
    """Works of the setting that meet a window, with their conflicts."""
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
        places = [
            message("checks:service_way.place", venue=venue, service=service) for venue, service in conflicts.unmeasured
        ]
        yield message("works:unmeasured", services=few(places, _NAMED))


def _row(app: App, one: WorkConflict) -> Sequence[Cell]:
    outcome = one.outcome
    style = "yellow" if outcome.state in ("one_way_left", "unmeasured") else "bold red"
    return (
        " + ".join(work.name for work in one.works), in_language(window_title(one.window), app.lang), outcome.venue,
        term("terms:service", outcome.service, app.lang), styled(term("whatif:state", outcome.state, app.lang), style),
        f"{one.minutes:.0f}", at(one.spans[0][0]), at(one.spans[-1][1]),
    )  # fmt: skip


def as_json(one: WorkConflict) -> dict[str, Any]:
    """Plain JSON types of a conflict."""
    return {
        "works": [work.name for work in one.works], "window": in_language(window_title(one.window), "en"),
        "kind": one.window.kind, "venue": one.outcome.venue, "service": one.outcome.service, "state": one.outcome.state,
        "minutes": round(one.minutes), "spans": [[start.isoformat(), end.isoformat()] for start, end in one.spans],
        "lost": list(one.outcome.lost), "users": one.outcome.users, "next": list(one.outcome.next),
    }  # fmt: skip
