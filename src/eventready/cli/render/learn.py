"""Print what the network shows and nobody expects, by device and kind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from rich.table import Table
from rich.text import Text as Line

from eventready.cli.render.console import VisibleConsole
from eventready.core.messages import Lang, Text, in_language, text
from eventready.network.learn.proposal import LearnResult, Proposal, Stranger

_MARKS = {"healthy": ("+", "green"), "absent": ("-", "red")}
_ASKED = ("?", "yellow")
#: Kinds whose values are told by their names alone, many on a line.
_NAMES = 24
_VENUE_KINDS = ("sites", "cells", "access_points")
_SHOWN_APART = ("links", "bundles", "gateways")


@dataclass(frozen=True)
class NotRead:
    """Fact of a device that was not read, with the reason."""

    device: str
    fact: str
    reason: str | Text


def show(result: LearnResult, not_read: Sequence[NotRead], lang: Lang) -> None:
    """Print the proposals, neighbours that are no device, and facts that were not read, on stdout."""
    console = VisibleConsole(soft_wrap=True)
    for device, proposals in groupby(result.proposals, key=lambda one: one.device):
        console.print(device, style="bold")
        console.print(_table(list(proposals), lang))
    if result.strangers:
        console.print(f"\n{text('learn:strangers', lang)}")
        for line in _rows(result.strangers):
            console.print(line)
    if not_read:
        console.print(f"\n{text('learn:not_read', lang)}")
        for line in _unread(not_read, lang):
            console.print(line, style="yellow")
    if result.proposals:
        console.print(f"\n{_total(result.proposals, lang)}")


def _total(proposals: Sequence[Proposal], lang: Lang) -> str:
    healthy = [one for one in proposals if one.state == "healthy"]
    absent = sum(one.state == "absent" for one in proposals)
    return text(
        "learn:total", lang, healthy=len(healthy), devices=len({one.device for one in healthy}), absent=absent,
        asked=len(proposals) - len(healthy) - absent,
    )  # fmt: skip


def _table(proposals: Sequence[Proposal], lang: Lang) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column()
    for kind, own in groupby(proposals, key=lambda one: one.kind):
        label = f"  {kind}"
        for mark, style, what in _lines(list(own), lang):
            table.add_row(label, Line(mark, style=style), Line(what))
            label = ""
    return table


def _lines(proposals: Sequence[Proposal], lang: Lang) -> Iterator[tuple[str, str, str]]:
    """Mark, style and text of each line of a kind: plain names together, all others each."""
    plain = [one for one in proposals if one.state == "healthy" and one.kind not in _SHOWN_APART]
    for venue, own in groupby(sorted(plain, key=_venue), key=_venue):
        names = _shortened([_value(one, lang) for one in own], lang)
        yield *_MARKS["healthy"], text("learn:at_venue", lang, venue=venue, names=names) if venue else names
    for one in proposals:
        if one.state != "healthy" or one.kind in _SHOWN_APART:
            mark, style = _MARKS.get(one.state, _ASKED)
            yield mark, style, described(one, lang)


def _venue(one: Proposal) -> str:
    return str(one.value.get("venue") or "") if one.kind in _VENUE_KINDS else ""


def _shortened(names: Sequence[str], lang: Lang) -> str:
    shown = ", ".join(names[:_NAMES])
    return text("learn:more", lang, names=shown, count=len(names) - _NAMES) if len(names) > _NAMES else shown


def _value(one: Proposal, lang: Lang) -> str:
    source = "" if one.source in ("device", "state") else f" ({text(f'learn:source.{one.source}', lang)})"
    return f"{one.subject}{source}"


def described(one: Proposal, lang: Lang) -> str:
    """Describe a proposal in a line: its value, its source, and the question about it."""
    parts = [one.subject]
    if one.kind == "bundles" and isinstance(one.value, Mapping):
        parts = [f"{one.subject} {one.value['members']}/{one.value.get('min_links', 1)}"]
    elif one.kind == "gateways" and one.state != "absent":
        parts = [" ".join(str(part) for part in (one.subject, one.value.get("virtual_ip"), one.value.get("role")) if part)]
    if one.source not in ("device", "expected"):
        parts[0] += f" ({text(f'learn:source.{one.source}', lang)})"
    if one.question is not None:
        parts.append(in_language(one.question, lang))
    return ": ".join(parts)


def _rows(strangers: Iterable[Stranger]) -> Iterator[str]:
    """Rows of an import, each with the ports that see the neighbour as a comment."""
    yield "name,hostname,platform,role"
    for one in strangers:
        seen = "; ".join(f"{device} {port}" for device, port in one.seen_by)
        yield f"{one.name},{one.address},,    # {seen}"


def _unread(not_read: Sequence[NotRead], lang: Lang) -> Iterator[str]:
    """Lines by device and reason."""
    grouped: dict[tuple[str, str], list[str]] = {}
    for one in not_read:
        grouped.setdefault((one.device, in_language(one.reason, lang)), []).append(one.fact)
    for (device, reason), facts in grouped.items():
        yield f"  {device}: {', '.join(facts)}: {reason}"


def as_json(result: LearnResult, not_read: Sequence[NotRead], accepted: Iterable[Proposal]) -> dict[str, Any]:
    """Return the outcome as plain JSON types."""
    taken = {one.key for one in accepted}
    return {
        "proposals": [
            {
                "device": one.device, "kind": one.kind, "subject": one.subject, "value": one.value, "source": one.source,
                "state": one.state, "question": in_language(one.question, "en") if one.question else "",
                "accepted": one.key in taken,
            }
            for one in result.proposals
        ],
        "neighbours": [
            {"name": one.name, "hostname": one.address, "seen_by": [list(end) for end in one.seen_by]}
            for one in result.strangers
        ],
        "not_read": [
            {"device": one.device, "fact": one.fact, "reason": in_language(one.reason, "en")} for one in not_read
        ],
    }  # fmt: skip
