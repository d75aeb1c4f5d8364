"""Dialogue about proposals: acceptance in whole or in part, and answers to open questions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import click

from eventready.cli.render.learn import described, grouped
from eventready.core.messages import Lang, Param, text
from eventready.network.learn.proposal import Proposal


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
