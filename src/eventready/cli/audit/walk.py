"""Walks of services on the terminal: two lines for each, and a single walk whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from rich.padding import Padding
from rich.text import Text

from eventready.cli.console import Listing
from eventready.cli.context import App, Shown
from eventready.cli.folding import fold
from eventready.core.errors import UsageError
from eventready.core.language import Language
from eventready.core.messages import Lang, Param, known, message, term, text
from eventready.core.strings.texts import short
from eventready.core.validation_messages import suggest
from eventready.evaluation.alike import about, rows
from eventready.store.run import Run
from eventready.store.run_records import RunFinding, RunVerdict, plain_finding, plain_verdict
from eventready.store.run_walk import ServiceWalk, WalkHop, WalkUsers

VERDICT_STYLES = {
    "READY": "bold green",
    "READY_WITH_RISK": "bold yellow",
    "NOT_READY": "bold red",
    "NOT_MEASURED": "bold magenta",
}
#: Names of users, and of elements, shown of many.
_NAMED = 12


def walks(run: Run, lang: Lang) -> Iterator[Shown]:
    """Two lines per service: the verdict with its reasons, and the walk with its proof."""
    for verdict in run.verdicts():
        if verdict.walk:
            yield Text(
                _judged(verdict, lang, run.id if run.header.window else ""), style=VERDICT_STYLES[verdict.verdict]
            )
            yield Padding(Text(verdict.walk.sentence.render(lang)), (0, 0, 0, 2))


def _judged(verdict: RunVerdict, lang: Lang, run: str = "") -> str:
    """Verdict with its reasons. `run`: id of a run for a window; empty for a full audit."""
    word = Language(lang).verdict(verdict.verdict).upper()
    reasons = [text(reason, lang) for reason in verdict.reasons if known(reason)]
    if not reasons and verdict.verdict == "READY_WITH_RISK":
        see = "cli:walk.see_run" if run else "cli:walk.see"
        reasons = [text(see, lang, place=f"{verdict.venue}/{verdict.service}", run=run)]
    return f"{word}: {'; '.join(reasons)}" if reasons else word


@dataclass(frozen=True)
class Explanation:
    """Walk of a service in a run. `findings`: those with a bearing on the service."""

    run: str
    verdict: RunVerdict
    walk: ServiceWalk
    findings: tuple[RunFinding, ...]

    @classmethod
    def of(cls, run: Run, verdict: RunVerdict, walk: ServiceWalk) -> Explanation:
        """Explanation of a verdict of the run."""
        named = frozenset(verdict.because)
        return cls(run.id, verdict, walk, tuple(one for one in run.open_findings() if one.reference in named))

    def as_json(self) -> dict[str, Any]:
        """Explanation as plain JSON types."""
        return {
            "run": self.run,
            **plain_verdict(self.verdict),
            "findings": [plain_finding(one) for one in self.findings],
        }

    def shown(self, lang: Lang) -> Iterator[Shown]:
        """The walk: group by group, hop by hop, then the findings."""
        language, service = Language(lang), self.verdict.service
        head = (self.walk.sentence.render(lang), _judged(self.verdict, lang), text("cli:walk.run", lang, run=self.run))
        yield fold(chain(head, *(_group(one, service, lang) for one in self.walk.groups), ("",)))
        yield message("cli:walk.findings" if self.findings else "cli:walk.no_finding")
        cells = (
            (language.status(row.first.status), ", ".join(row.devices), row.first.check,
             row.sentence(language, language.sentence(row.first)))
            for row in rows(self.findings, about)
        )  # fmt: skip
        if self.findings:
            yield Listing("cli:runs_column", ("status", "device", "check", "finding"), cells)


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


def explain(app: App, run: Run, name: str) -> None:
    """Print the walk of a service, named VENUE/SERVICE. Raises UsageError for an unknown name."""
    known = {f"{one.venue}/{one.service}": one.place for one in run.verdicts()}
    if name not in known:
        cause = message("cli:walk.unknown" if known else "cli:walk.none", run=run.id, name=short(name))
        raise UsageError(cause, do=suggest(name, known))
    verdict = next(one for one in run.verdicts(whole=True) if one.place == known[name])
    if verdict.walk is None:
        raise UsageError(message("cli:walk.none", run=run.id, name=short(name)))
    found = Explanation.of(run, verdict, verdict.walk)
    app.show(found.as_json, found.shown(app.lang))
