"""Proposals of `inventory learn`: on the terminal by device and kind, as JSON, and the dialogue about them."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from io import StringIO
from itertools import groupby
from textwrap import wrap
from typing import Any

import click

from eventready.cli.folding import fold, width
from eventready.core.messages import Lang, Param, Text, in_language, text
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


def proposal_lines(result: LearnResult, not_read: Sequence[NotRead], lang: Lang, *, run: str) -> Iterator[str]:
    """The proposals, unknown neighbours, questions and unread facts. `run`: with the facts."""
    for device, proposals in groupby(result.proposals, key=lambda one: one.device):
        yield click.style(device, bold=True)
        for kind, own in groupby(proposals, key=lambda one: one.kind):
            yield from _kind_lines(kind, list(own), lang)
    yield from _block("learn:unknown_neighbours", _rows(result.unknown_neighbours), lang)
    yield from _block("learn:unsaid", fold(questions(result.unsaid, lang)), lang)
    yield from _block("learn:not_read", fold(_unread(not_read, lang)), lang)
    if result.proposals:
        yield from ("", *fold([_total(result.proposals, run, lang)]))


def _block(heading: str, lines: Iterable[str], lang: Lang) -> Iterator[str]:
    shown = list(lines)
    if shown:
        yield from ("", *fold([text(heading, lang)]), *shown)


def _kind_lines(kind: str, proposals: Sequence[Proposal], lang: Lang) -> Iterator[str]:
    """The values of a kind, wrapped under their column."""
    indent = " " * (_KIND + 6)
    for mark, style, what in _lines(proposals, lang):
        first, *more = wrap(what, max(40, width() - len(indent)))
        yield click.style(f"  {mark} {kind:<{_KIND}}  {first}", fg=style)
        yield from (indent + line for line in more)
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


# --- dialogue ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LearnDecision:
    """Proposals to take over, and proposals never to be shown again."""

    accepted: tuple[Proposal, ...] = ()
    ignored: tuple[Proposal, ...] = ()


def decide(proposals: Sequence[Proposal], lang: Lang, *, prune: bool) -> LearnDecision:
    """Ask about the healthy proposals together, and about each open question; about removals with `prune` only."""
    healthy = [one for one in proposals if one.state == "healthy"]
    questions = grouped(one for one in proposals if one.state not in ("healthy", "absent") and one.value is not None)
    removals = grouped(one for one in proposals if one.state == "absent") if prune else []
    accepted = _healthy(healthy, lang)
    ignored: list[Proposal] = []
    if questions:
        click.echo(text("learn:dialogue.questions", lang, n=len(questions)), err=True)
    for group in questions:
        answer = _answer(_titled(group, lang), "learn:dialogue.question", "ynl", lang)
        (accepted if answer == "y" else ignored if answer == "n" else []).extend(
            _with_content(one, answer, lang) for one in group
        )
    for group in removals:
        if _answer(_titled(group, lang), "learn:dialogue.removal", "yl", lang) == "y":
            accepted += group
    return LearnDecision(tuple(accepted), tuple(ignored))


def _with_content(one: Proposal, answer: str, lang: Lang) -> Proposal:
    """Add the text of an accepted page; without text any page is right."""
    if answer != "y" or one.kind != "answers" or "http" not in one.value:
        return one
    content = click.prompt(text("learn:dialogue.content", lang), default="", show_default=False, err=True)
    return replace(one, value={**one.value, "contains": content.strip()}) if content.strip() else one


def _titled(group: Sequence[Proposal], lang: Lang) -> str:
    return f"{group[0].device} {group[0].kind} {described(group, lang)}"


def _healthy(healthy: Sequence[Proposal], lang: Lang) -> list[Proposal]:
    if not healthy:
        return []
    answer = _answer("", "learn:dialogue.all", "asn", lang, count=len(healthy))
    if answer != "s":
        return list(healthy) if answer == "a" else []
    accepted: list[Proposal] = []
    for device, own in groupby(healthy, key=lambda one: one.device):
        accepted += _of_device(device, list(own), lang)
    return accepted


def _of_device(device: str, proposals: list[Proposal], lang: Lang) -> list[Proposal]:
    answer = _answer("", "learn:dialogue.device", "ynk", lang, device=device, count=len(proposals))
    if answer != "k":
        return proposals if answer == "y" else []
    accepted: list[Proposal] = []
    for kind, of_kind in groupby(proposals, key=lambda one: one.kind):
        own = list(of_kind)
        for one in own:
            click.echo(f"  {described((one,), lang)}", err=True)
        if _answer("", "learn:dialogue.kind", "yn", lang, device=device, kind=kind, count=len(own)) == "y":
            accepted += own
    return accepted


def _answer(what: str, question: str, letters: str, lang: Lang, **params: Param) -> str:
    if what:
        click.echo(what, err=True)
    answer: str = click.prompt(
        text(question, lang, **params), type=click.Choice(list(letters), case_sensitive=False), default=letters[-1],
        err=True, show_choices=False, prompt_suffix=" ",
    )  # fmt: skip
    return answer
