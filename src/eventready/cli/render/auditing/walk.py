"""Walks of services on the terminal: two lines for each, and a single walk whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import click
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from eventready.cli.render.listing import show as show_table
from eventready.cli.render.listing import translated
from eventready.core.language import Language
from eventready.core.messages import Lang, Param, known, term, text
from eventready.evaluation.alike import about, rows
from eventready.store.run import Run
from eventready.store.run_walk import ServiceWalk, WalkHop, WalkUsers, recorded_walk, walk_of

VERDICT_STYLES = {
    "READY": "bold green",
    "READY_WITH_RISK": "bold yellow",
    "NOT_READY": "bold red",
    "NOT_MEASURED": "bold magenta",
}
#: Names of users, and of elements, shown of many.
_NAMED = 12

Verdict = Mapping[str, Any]


def walks(console: Console, run: Run, lang: Lang) -> None:
    """Print two lines per service: the verdict with its reasons, and the walk with its proof."""
    for verdict in run.judged():
        walk = recorded_walk(verdict)
        if walk:
            console.print(Text(_judged(verdict, lang), style=VERDICT_STYLES.get(verdict["verdict"], "")))
            console.print(Padding(Text(walk.sentence.render(lang)), (0, 0, 0, 2)))


def _judged(verdict: Verdict, lang: Lang) -> str:
    """Verdict with its reasons."""
    word = Language(lang).verdict(verdict["verdict"]).upper()
    reasons = [text(reason, lang) for reason in verdict.get("reasons", ()) if known(reason)]
    if not reasons and verdict["verdict"] == "READY_WITH_RISK":
        reasons = [text("cli:walk.see", lang, place=f"{verdict['venue']}/{verdict['service']}")]
    return f"{word}: {'; '.join(reasons)}" if reasons else word


@dataclass(frozen=True)
class Explanation:
    """Walk of a service in a run. `findings`: those with a bearing on the service."""

    run: str
    verdict: Verdict
    walk: ServiceWalk
    findings: tuple[Mapping[str, Any], ...]

    @classmethod
    def of(cls, run: Run, verdict: Verdict) -> Explanation:
        """Explanation of a verdict of the run. Raises ValueError for a damaged walk."""
        named = frozenset(verdict["because"])
        found = (one for one in run.open_findings() if _reference(one) in named)
        return cls(run.id, verdict, walk_of(verdict), tuple(found))

    def as_json(self) -> dict[str, Any]:
        """Explanation as plain JSON types."""
        return {"run": self.run, **self.verdict, "findings": list(self.findings)}

    def show(self, lang: Lang) -> None:
        """Print the walk: group by group, hop by hop, then the findings."""
        click.echo(self.walk.sentence.render(lang))
        click.echo(_judged(self.verdict, lang))
        click.echo(text("cli:walk.run", lang, run=self.run))
        service = str(self.verdict["service"])
        for line in chain.from_iterable(_group(one, service, lang) for one in self.walk.groups):
            click.echo(line)
        click.echo()
        if not self.findings:
            click.echo(text("cli:walk.no_finding", lang))
            return
        click.echo(text("cli:walk.findings", lang))
        table, language = translated("cli:runs_column", ("status", "device", "check", "finding"), lang), Language(lang)
        for row in rows(self.findings, about):
            one, devices = row.first, ", ".join(row.devices)
            table.add_row(
                language.status(one["status"]),
                devices,
                one["check"],
                row.sentence(language, language.sentence(row.first)),
            )
        show_table(table)


def _reference(finding: Mapping[str, Any]) -> str:
    return f"{finding['device']} {finding['check']} {finding['subject']}".strip()


def _group(users: WalkUsers, service: str, lang: Lang) -> Iterator[str]:
    """Lines about users alike."""

    def line(key: str, **params: Param) -> str:
        return f"  {text(f'cli:walk.{key}', lang, **params)}"

    state = term("terms:walk_state", users.state, lang)
    count = text(f"checks:service_way.all.{service}", lang, n=len(users.users))
    yield ""
    yield text("cli:walk.users", lang, count=count, state=state, names=_some(users.users, lang))
    if users.people:
        yield line("people", n=users.people)
    yield from _way("first", users.first, users.server, lang)
    if users.state in {"served", "one_way_left"} and users.first:
        yield from _way("second", users.second, "", lang)
    if users.missing:
        yield line("missing", names=_some(users.missing, lang))
    if users.next:
        yield line("next", names=_some(users.next, lang))


def _way(which: str, hops: Sequence[WalkHop], server: str, lang: Lang) -> Iterator[str]:
    if not hops:
        msgid = "cli:walk.served_by" if server else f"cli:walk.no_{which}"
        yield f"  {text(msgid, lang, device=server)}"
        return
    yield f"  {text(f'cli:walk.{which}', lang)}"
    for near, far, witness in hops:
        yield f"    {near} -> {far}: {term('terms:walk_witness', witness, lang)}"


def _some(names: Sequence[str], lang: Lang) -> str:
    shown = ", ".join(names[:_NAMED])
    more = len(names) - _NAMED
    return text("checks:service_way.more", lang, names=shown, count=more) if more > 0 else shown
