"""Proposals of `inventory learn` on the terminal, by device and kind, and as JSON."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import StringIO
from itertools import groupby
from textwrap import wrap
from typing import Any

from rich.console import Console
from rich.text import Text as Line

from eventready.cli.render.console import VisibleConsole
from eventready.core.messages import Lang, Text, in_language, text
from eventready.network.learn.proposal import KINDS, LearnResult, Proposal, UnknownNeighbour
from eventready.workspace.sheets.file import protected
from eventready.workspace.unsaid import Unsaid

_MARKS = {"healthy": ("+", "green"), "absent": ("-", "red")}
_OPEN = ("?", "yellow")
#: Names on a line until the rest is only counted.
_NAMES = 24
#: Width of the column of kinds.
_KIND = max(map(len, KINDS))
#: Kinds with values at venues, and kinds with a line for each value.
_AT_VENUES = ("sites", "cells", "access_points")
_EACH = ("links", "bundles", "gateways", "answers")


@dataclass(frozen=True)
class NotRead:
    """Unread fact of a device, or (`subject`) a single record of a fact, with the reason."""

    device: str
    fact: str
    reason: str | Text
    subject: str = ""


def show(result: LearnResult, not_read: Sequence[NotRead], lang: Lang, *, run: str) -> None:
    """Print the proposals, unknown neighbours, questions and unread facts on stdout. `run`: with the facts."""
    console = VisibleConsole(soft_wrap=True)
    width = console.width if console.is_terminal else 0
    for device, proposals in groupby(result.proposals, key=lambda one: one.device):
        console.print(device, style="bold")
        for kind, own in groupby(proposals, key=lambda one: one.kind):
            _print_kind(console, kind, list(own), lang, width)
    _print_block(console, "learn:unknown_neighbours", _rows(result.unknown_neighbours), lang)
    _print_block(console, "learn:unsaid", questions(result.unsaid, lang), lang)
    _print_block(console, "learn:not_read", _unread(not_read, lang), lang)
    if result.proposals:
        console.print(f"\n{_total(result.proposals, run, lang)}")


def _print_block(console: Console, heading: str, lines: Iterable[str], lang: Lang) -> None:
    shown = list(lines)
    if shown:
        console.print(f"\n{text(heading, lang)}")
    for line in shown:
        console.print(line)


def _print_kind(console: Console, kind: str, proposals: Sequence[Proposal], lang: Lang, width: int) -> None:
    """Print the values of a kind, wrapped under their column on a terminal."""
    indent = " " * (_KIND + 6)
    for mark, style, what in _lines(proposals, lang):
        lines = wrap(what, max(40, width - len(indent))) if width else [what]
        console.print(Line.assemble("  ", (mark, style), f" {kind:<{_KIND}}  {lines[0]}"))
        for line in lines[1:]:
            console.print(indent + line)
        kind = ""


def _total(proposals: Sequence[Proposal], run: str, lang: Lang) -> str:
    healthy = [one for one in proposals if one.state == "healthy"]
    absent = sum(one.state == "absent" for one in proposals)
    open = len(proposals) - len(healthy) - absent
    devices = len({one.device for one in healthy})
    return text("learn:total", lang, run=run, healthy=len(healthy), devices=devices, absent=absent, open=open)


def _lines(proposals: Sequence[Proposal], lang: Lang) -> Iterator[tuple[str, str, str]]:
    """Mark, style and text of each line of a kind: plain names together, all others each."""
    plain = [one for one in proposals if one.state == "healthy" and one.kind not in _EACH]
    for (venue, source), own in groupby(sorted(plain, key=_group), key=_group):
        names = _shortened([one.subject for one in own], lang) + _source(source, lang)
        where = text("learn:every_venue", lang) if venue == "*" else venue
        yield *_MARKS["healthy"], text("learn:at_venue", lang, venue=where, names=names) if venue else names
    for one in grouped(one for one in proposals if one.state != "healthy" or one.kind in _EACH):
        mark, style = _MARKS.get(one[0].state, _OPEN)
        yield mark, style, described(one, lang)


def grouped(proposals: Iterable[Proposal]) -> list[tuple[Proposal, ...]]:
    """Proposals of a device and kind with the same question together, such as several access points without service."""
    groups: dict[object, list[Proposal]] = {}
    for one in proposals:
        alone = one.kind in _EACH or one.question is None
        key = one.key if alone else (one.device, one.kind, one.state, one.source, in_language(one.question, "en"))
        groups.setdefault(key, []).append(one)
    return [tuple(group) for group in groups.values()]


def _group(one: Proposal) -> tuple[str, str]:
    return str(one.value.get("venue") or "*") if one.kind in _AT_VENUES else "", one.source


def _shortened(names: Sequence[str], lang: Lang) -> str:
    shown = ", ".join(names[:_NAMES])
    return text("learn:more", lang, names=shown, count=len(names) - _NAMES) if len(names) > _NAMES else shown


def _source(source: str, lang: Lang) -> str:
    return "" if source in ("device", "expected") else f" ({text(f'learn:source.{source}', lang)})"


def described(group: Sequence[Proposal], lang: Lang) -> str:
    """Describe proposals with the same question in a line: values, source and open question."""
    one = group[0]
    value = _shortened([each.subject for each in group], lang)
    if one.kind == "bundles" and one.state != "absent":
        value = text("learn:bundle", lang, name=one.subject, count=one.value["members"], least=one.value["min_links"])
    elif one.kind == "gateways" and one.state != "absent":
        parts = (one.subject, one.value.get("virtual_ip"), one.value.get("role"))
        value = " ".join(str(part) for part in parts if part)
    elif one.source == "served":
        value = f"{value}: {', '.join(one.value.get('addresses', [one.value.get('contains')]))}"
    value += _source(one.source, lang)
    return value if one.question is None else f"{value}: {in_language(one.question, lang)}"


def questions(unsaid: Iterable[Unsaid], lang: Lang) -> Iterator[str]:
    """Yield a line per question, with its files, venues and devices."""
    found: dict[str, list[str]] = {}
    for one in unsaid:
        found.setdefault(in_language(one.question, lang), []).append(one.about)
    for question, about in found.items():
        yield f"  {_shortened(list(dict.fromkeys(about)), lang)}: {question}"


def _rows(unknown_neighbours: Sequence[UnknownNeighbour]) -> Iterator[str]:
    """Rows of an import; the ports of their neighbours become a note there."""
    if unknown_neighbours:
        yield "name,hostname,platform,role,seen_by"
    for one in unknown_neighbours:
        seen = "; ".join(f"{device} {port}" for device, port in one.seen_by)
        written = StringIO()
        csv.writer(written, lineterminator="").writerow(map(protected, (one.name, one.address, "", "", seen)))
        yield written.getvalue()


def _unread(not_read: Sequence[NotRead], lang: Lang) -> Iterator[str]:
    grouped: dict[tuple[str, str], list[str]] = {}
    for one in not_read:
        what = f"{one.fact} {one.subject}".rstrip()
        grouped.setdefault((one.device, in_language(one.reason, lang)), []).append(what)
    for (device, reason), facts in grouped.items():
        yield f"  {device}: {', '.join(facts)}: {reason}"


def as_json(result: LearnResult, not_read: Sequence[NotRead], accepted: Iterable[Proposal]) -> dict[str, Any]:
    """Return the outcome as plain JSON types."""
    taken = {one.key for one in accepted}
    return {
        "proposals": [
            {
                "device": one.device, "kind": one.kind, "subject": one.subject, "value": one.value,
                "source": one.source, "state": one.state, "accepted": one.key in taken,
                "question": in_language(one.question, "en") if one.question else "",
            }
            for one in result.proposals
        ],
        "neighbours": [
            {"name": one.name, "hostname": one.address, "seen_by": [list(end) for end in one.seen_by]}
            for one in result.unknown_neighbours
        ],
        "questions": [
            {
                "kind": one.kind, "about": one.about, "subject": one.subject,
                "question": in_language(one.question, "en"),
            }
            for one in result.unsaid
        ],
        "not_read": [
            {
                "device": one.device, "fact": one.fact, "subject": one.subject,
                "reason": in_language(one.reason, "en"),
            }
            for one in not_read
        ],
    }  # fmt: skip
