"""Outcomes of failures as a table, and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

from eventready.cli.render.listing import show as show_table
from eventready.cli.render.listing import translated
from eventready.core.messages import Lang, Text, in_language, message, number, term, text
from eventready.network.graph.outcome import FailureOutcome, ServiceOutcome, WhatIf
from eventready.network.graph.takeover import Takeover
from eventready.network.graph.unknown_users import unknown_hosts, unknown_lines

#: Names of lost users in a cell of the table.
_NAMED = 4


def show(
    outcome: FailureOutcome,
    taking: Sequence[Takeover],
    drills: Sequence[tuple[str, float]],
    whatif: WhatIf,
    lang: Lang,
    *,
    run: str,
) -> None:
    """Print the services after a failure, the takeovers, and the unknown parts."""
    for note in strangers(whatif, outcome.names):
        click.echo(in_language(note, lang))
    click.echo(text("whatif:title", lang, names=list(outcome.names), given=_given(whatif), run=run))
    table = translated("whatif:column", ("venue", "service", "state", "lost"), lang)
    for one in outcome.services:
        state = term("whatif:state", one.state, lang)
        table.add_row(one.venue, term("terms:service", one.service, lang), state, _lost(one, lang))
    show_table(table)
    for takeover in taking:
        click.echo(in_language(takeover.text, lang) + _seconds(takeover.seconds, lang))
    for name, seconds in drills:
        click.echo(text("whatif:drill", lang, drill=name, seconds=number(seconds, lang, ".2f")))
    for note in not_known(whatif):
        click.echo(in_language(note, lang))


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


def show_ranked(
    ranked: Sequence[FailureOutcome], least: Mapping[tuple[str, str], str], whatif: WhatIf, lang: Lang, *, run: str
) -> None:
    """Print failures with a harm, the worst first, and how many failures take each service."""
    for note in strangers(whatif):
        click.echo(in_language(note, lang))
    click.echo(text("whatif:ranked", lang, count=len(ranked), given=_given(whatif), run=run))
    table = translated("whatif:column", ("failure", "harm"), lang)
    for outcome in ranked:
        table.add_row(" + ".join(outcome.names), "; ".join(_harm(one, lang) for one in outcome.services))
    show_table(table)
    for (venue, service), count in least.items():
        word = term("whatif:least", count, lang)
        click.echo(text("whatif:service", lang, venue=venue, service=term("terms:service", service, lang), count=word))
    for note in not_known(whatif):
        click.echo(in_language(note, lang))


def _harm(one: ServiceOutcome, lang: Lang) -> str:
    share = f" {number(one.share, lang, '.0f')}%" if one.state == "degraded" else ""
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
