"""`eventready network whatif`: services lost by a failure, and takeovers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from eventready.audit.run_builder import recorded_network, recorded_setting
from eventready.cli.console import Listing
from eventready.cli.context import App, Shown
from eventready.cli.folding import fold
from eventready.core.errors import Exit, UsageError, most_severe
from eventready.core.messages import Lang, Message, Text, in_language, message, number, percentage, term, text
from eventready.core.strings.texts import short
from eventready.core.validation_messages import suggest
from eventready.drill.record import DrillRun, drill_runs
from eventready.network.graph.graph import Cut
from eventready.network.graph.outcome import FailureOutcome, ServiceOutcome, WhatIf
from eventready.network.graph.takeover import Takeover, takeovers
from eventready.network.graph.topology import NetworkElement
from eventready.network.graph.unknown_users import unknown_hosts, unknown_lines
from eventready.store.run import Run
from eventready.store.store import Store
from eventready.workspace.devices.select import select
from eventready.workspace.workspace import Workspace

#: Elements of which all pairs are tried.
_MOST_PAIRED = 600
#: Names of lost users in a cell of the table.
_NAMED = 4


def command(
    app: App, *, what: str, names: tuple[str, ...], given: tuple[str, ...], run_name: str, limit: str | None
) -> int:
    """Show the services lost by a failure, per venue, and the takeovers."""
    ranked = what in ("n-1", "n-2")
    if ranked == bool(names):
        raise UsageError(message("whatif:names"), do=message("whatif:names.do"))
    if limit is not None and not ranked:
        raise UsageError(message("whatif:limit", what=what), do=message("whatif:limit.do"))
    workspace = app.workspace
    with app.open_store(make=False) as store:
        run = store.get(run_name, interrupted=True) if run_name else last_full(store, workspace)
        drills = drill_runs(store)
    whatif = load_whatif(workspace, run, [*dict.fromkeys(name.removeprefix("down ") for name in given)])
    if ranked:
        return _ranked(app, whatif, run, limit, pairs=what == "n-2")
    outcome = _outcome(whatif, [*dict.fromkeys(names)], what)
    taking = takeovers(whatif, outcome.failure)
    measured = tuple(_drilled(whatif, outcome, drills))
    app.show(
        partial(as_json, outcome, taking, measured, whatif, run=run.id),
        _shown(outcome, taking, measured, whatif, app.lang, run=run.id),
    )
    return _exit([outcome], whatif)


def load_whatif(workspace: Workspace, run: Run, given: Sequence[str] = ()) -> WhatIf:
    """Network of a run. Raises UsageError for an event without origins, and for an unknown name."""
    if not workspace.event.origins:
        raise UsageError(message("whatif:no_origins"), do=message("whatif:no_origins.do"))
    readings = recorded_network(workspace.devices, run)
    try:
        return WhatIf(readings, recorded_setting(workspace, run), given)
    except KeyError as error:
        raise _unknown(str(error.args[0]), [device.name for device in workspace.devices]) from None


def last_full(store: Store, workspace: Workspace, do: Message | None = None) -> Run:
    """Last finished run of all devices. Raises UsageError without such a run, with its remedy `do`."""
    wanted = {device.name for device in workspace.devices}
    for run in map(store.get, reversed(store.full_runs(workspace.event.id, len(wanted)))):
        if wanted <= {device.name for device in run.header.devices}:
            return run
    raise UsageError(message("whatif:no_run"), do=do or message("whatif:no_run.do"))


def _unknown(name: str, known: Iterable[str]) -> UsageError:
    return UsageError(message("whatif:unknown", name=short(name)), do=suggest(name, known))


def _outcome(whatif: WhatIf, names: Sequence[str], what: str) -> FailureOutcome:
    elements = whatif.topology.elements
    kinds = {"group": ("group",), "link": ("link",)}.get(what, ("device", "part"))
    known = [one.name for one in elements.values() if one.kind in kinds]
    for name in names:
        part = what != "group" and ":" in name and whatif.topology.member(name) is not None
        if name in elements and name not in known and not part:
            raise _elsewhere(what, elements[name])
        if name not in known and not part:
            raise _unknown(name, known)
        if any(_same(whatif, name, given) for given in whatif.given_names):
            raise UsageError(message("whatif:both", name=name), do=message("whatif:both.do"))
    return whatif.outcome_by_ways(names)


def _elsewhere(what: str, element: NetworkElement) -> UsageError:
    """Refusal of a name of another kind, with the words for its kind."""
    word = {"group": "group", "link": "link"}.get(element.kind, "down")
    remedy = "whatif:kind.port" if (what, element.kind) == ("link", "device") else "whatif:kind.do"
    return UsageError(
        message("whatif:kind", what=what, name=element.name), do=message(remedy, what=word, name=element.name)
    )


def _same(whatif: WhatIf, name: str, other: str) -> bool:
    """True for two names of the same element, such as both ends of a link."""
    failure = whatif.failure([name])
    return name == other or (failure != Cut() and failure == whatif.failure([other]))


def _ranked(app: App, whatif: WhatIf, run: Run, limit: str | None, *, pairs: bool) -> int:
    chosen = {device.name for device in select(app.workspace.devices, limit)}
    elements = [one for one in whatif.topology.elements.values() if chosen.issuperset(one.devices)]
    if pairs and len(elements) > _MOST_PAIRED:
        raise UsageError(message("whatif:pairs", count=len(elements)), do=message("whatif:pairs.do", most=_MOST_PAIRED))
    names = {one.name for one in elements}
    single = list(whatif.single())
    double = list(whatif.double(elements)) if pairs else []
    tried = 2 if pairs and len(names) == len(whatif.topology.elements) else 1
    least = dict(_least(whatif, single, double, tried))
    found = double if pairs else [one for one in single if one.names[0] in names]
    ranked = sorted(found, key=lambda one: one.rank)
    app.show(
        partial(as_json_ranked, ranked, least, whatif, run), _shown_ranked(ranked, least, whatif, app.lang, run=run.id)
    )
    return _exit(ranked, whatif, incomplete=bool(whatif.topology.strangers))


def as_json_ranked(
    ranked: Sequence[FailureOutcome], least: dict[tuple[str, str], str], whatif: WhatIf, run: Run
) -> Any:
    """Outcomes as plain JSON types, with the least number of failures for the loss of each service."""
    outcomes = [as_json(one, (), (), whatif, run="") for one in ranked]
    for one in outcomes:
        del one["run"], one["given"], one["takes_over"], one["drills"], one["not_known"]
    counts = [{"venue": venue, "service": service, "failures": count} for (venue, service), count in least.items()]
    return {"run": run.id, "given": list(whatif.given_names), "outcomes": outcomes, "least": counts}


def _least(
    whatif: WhatIf, single: Iterable[FailureOutcome], double: Iterable[FailureOutcome], tried: int
) -> Iterator[tuple[tuple[str, str], str]]:
    """Least number of failures for the loss of each service: exact up to the size tried as a whole, else at least."""
    taken: list[set[tuple[str, str]]] = [
        {(service.venue, service.service) for one in outcomes for service in one.services if service.state == "lost"}
        for outcomes in (single, double)
    ]
    for key, numbers in whatif.services.items():
        if not any(number in whatif.served for number in numbers):
            known = whatif.gone.intersection(numbers) or (numbers and not whatif.unmeasured.intersection(numbers))
            yield key, "0" if known else "not measured"
        elif key in taken[0]:
            yield key, "1"
        else:
            yield key, "2" if key in taken[1] else f"at least {tried + 1}"


def _drilled(whatif: WhatIf, outcome: FailureOutcome, drills: Iterable[DrillRun]) -> Iterator[tuple[str, float]]:
    """Outages of drills of the same failure, in seconds, by the name of the drill."""
    wanted = whatif.topology.arcs(outcome.failure)
    for run in drills:
        broken = ((one.device, one.arguments.get("port")) for one in run.drill.break_)
        members = [f"{device}:{port}" if port else device for device, port in broken]
        try:
            same = whatif.topology.arcs(whatif.failure(members)) == wanted
        except KeyError:
            continue
        outages = [probe.value for probe in run.probes if probe.unit == "ms" and probe.value is not None]
        if same and outages:
            yield run.drill.name, max(outages) / 1000


def _exit(outcomes: Sequence[FailureOutcome], whatif: WhatIf, *, incomplete: bool = False) -> Exit:
    codes = {Exit.OK}
    if whatif.gone or any(one.state in ("lost", "degraded") for one in outcomes):
        codes.add(Exit.FINDINGS)
    if incomplete or whatif.unmeasured or any(one.state == "unmeasured" for one in outcomes):
        codes.add(Exit.INCOMPLETE)
    return most_severe(codes)


def _shown(
    outcome: FailureOutcome,
    taking: Sequence[Takeover],
    drills: Sequence[tuple[str, float]],
    whatif: WhatIf,
    lang: Lang,
    *,
    run: str,
) -> Iterator[Shown]:
    """The services after a failure, the takeovers, and the unknown parts."""
    title = message("whatif:title", names=list(outcome.names), given=_given(whatif), run=run)
    yield fold(in_language(one, lang) for one in (*strangers(whatif, outcome.names), title))
    yield Listing("whatif:column", ("venue", "service", "state", "lost"), (
        (one.venue, term("terms:service", one.service, lang), term("whatif:state", one.state, lang), _lost(one, lang))
        for one in outcome.services
    ))  # fmt: skip
    yield fold(in_language(takeover.text, lang) + _seconds(takeover.seconds, lang) for takeover in taking)
    yield fold(text("whatif:drill", lang, drill=name, seconds=number(seconds, lang, ".2f")) for name, seconds in drills)
    yield fold(in_language(note, lang) for note in not_known(whatif))


def _given(whatif: WhatIf) -> Text | str:
    return message("whatif:given", names=list(whatif.given_names)) if whatif.given_names else ""


def _seconds(seconds: float | None, lang: Lang) -> str:
    return "" if seconds is None else text("whatif:seconds", lang, seconds=number(seconds, lang, ".1f"))


def _lost(one: ServiceOutcome, lang: Lang) -> str:
    parts = []
    if one.lost:
        names = ", ".join(one.lost[:_NAMED]) + (", ..." if len(one.lost) > _NAMED else "")
        parts.append(text("whatif:lost", lang, count=len(one.lost), users=one.users, names=names))
    if one.state == "lost" and not one.users:
        parts.append(text("whatif:before", lang))
    if one.given:
        parts.append(text("whatif:already", lang, count=one.given))
    if one.people:
        parts.append(text("whatif:people", lang, count=one.people))
    if one.waived:
        parts.append(text("whatif:waived", lang))
    if one.next:
        names = ", ".join(one.next[:_NAMED]) + (", ..." if len(one.next) > _NAMED else "")
        parts.append(text("whatif:next", lang, names=names))
    return "; ".join(parts)


def _shown_ranked(
    ranked: Sequence[FailureOutcome], least: Mapping[tuple[str, str], str], whatif: WhatIf, lang: Lang, *, run: str
) -> Iterator[Shown]:
    """Failures with a harm, the worst first, and how many failures take each service."""
    title = message("whatif:ranked", count=len(ranked), given=_given(whatif), run=run)
    yield fold(in_language(one, lang) for one in (*strangers(whatif), title))
    harms = ((" + ".join(one.names), "; ".join(_harm(each, lang) for each in one.services)) for one in ranked)
    yield Listing("whatif:column", ("failure", "harm"), harms)
    yield fold(
        text("whatif:service", lang, venue=venue, service=term("terms:service", service, lang),
             count=term("whatif:least", count, lang))
        for (venue, service), count in least.items()
    )  # fmt: skip
    yield fold(in_language(note, lang) for note in not_known(whatif))


def _harm(one: ServiceOutcome, lang: Lang) -> str:
    share = f" {percentage(one.share, lang)}%" if one.state == "degraded" else ""
    people = text("whatif:people", lang, count=one.people) if one.people else ""
    words = f"{one.venue} {term('terms:service', one.service, lang)} {term('whatif:state', one.state, lang)}{share}"
    return f"{words}, {people}" if people else words


def strangers(whatif: WhatIf, names: Sequence[str] = ()) -> Iterator[Text]:
    """Unknown members of the groups among the failed and given ones, or of all groups."""
    for group, member in whatif.topology.strangers:
        if not names or group in (*names, *whatif.given_names):
            yield message("whatif:stranger", group=group, member=member)


def not_known(whatif: WhatIf) -> Iterator[Text]:
    """Parts of the network without a reading, none of them counted as redundancy; and devices with unknown users."""
    if whatif.topology.afloat:
        yield message("whatif:afloat", count=len(whatif.topology.afloat), devices=list(whatif.topology.afloat))
    if hosts := list(unknown_hosts(whatif.topology)):
        yield message("whatif:unknown_hosts", devices=hosts)
    if switches := list(unknown_lines(whatif.topology)):
        yield message("whatif:unknown_lines", devices=switches)
    doubtful = [cable.name for cable in whatif.topology.cables if None in (cable.there, cable.back)]
    if doubtful:
        yield message("whatif:unmeasured_links", count=len(doubtful), links=doubtful[:_NAMED])
    users = [whatif.users[number] for number in sorted(whatif.unmeasured)]
    if users:
        names = [f"{one.venue} {one.name}" for one in users[:_NAMED]]
        yield message("whatif:unmeasured_users", count=len(users), users=names)


def as_json(
    outcome: FailureOutcome,
    taking: Sequence[Takeover],
    drills: Sequence[tuple[str, float]],
    whatif: WhatIf,
    *,
    run: str,
) -> dict[str, Any]:
    """Return an outcome as plain JSON types."""
    return {
        "run": run,
        "failed": list(outcome.names),
        "given": list(whatif.given_names),
        "state": outcome.state,
        "services": [
            {
                "venue": one.venue, "service": one.service, "state": one.state, "lost": list(one.lost),
                "users": one.users, "people": one.people, "waived": one.waived,
                "given": one.given, "next": list(one.next),
            }
            for one in outcome.services
        ],
        "takes_over": [{"text": in_language(one.text, "en"), "seconds": one.seconds} for one in taking],
        "drills": [{"drill": name, "seconds": seconds} for name, seconds in drills],
        "not_known": [in_language(note, "en") for note in (*strangers(whatif, outcome.names), *not_known(whatif))],
    }  # fmt: skip
