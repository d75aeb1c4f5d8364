"""Watch on the terminal: verdicts, age of the readings, open findings with their begin, and a line per change."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

import click
from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.table import Table
from rich.text import Text

from eventready.cli.console import VisibleConsole
from eventready.cli.context import App
from eventready.core.language import Language
from eventready.core.messages import Lang, text
from eventready.core.records import Shape
from eventready.core.timezone import local_time
from eventready.evaluation.alike import Row, about_any, rows
from eventready.evaluation.causes import Element, causes
from eventready.store.watch_log import RecordedChange
from eventready.watch.open_finding import OpenFinding, sentence_of
from eventready.watch.reader import Accounting
from eventready.watch.record import recorded_change
from eventready.watch.snapshot_record import FirstReading
from eventready.watch.states import StateChange, sentence_id
from eventready.watch.watcher import Watcher
from eventready.workspace.settings.event import Event

_STYLES = {"READY": "green", "READY_WITH_RISK": "yellow", "NOT_READY": "bold red", "NOT_MEASURED": "magenta"}
_CHANGE = Shape(RecordedChange)
#: Rows of findings shown on the terminal, and the names in a row.
_SHOWN, _NAMED = 20, 3


class WatchView:
    """Wall for a terminal; elsewhere a line per change, as text or as JSON."""

    def __init__(self, app: App, event: Event) -> None:
        self._app, self._event, self._lang = app, event, app.lang
        self._watcher: Watcher | None = None
        self._resting: Mapping[str, str] = {}
        self._rows: tuple[Sequence[OpenFinding], Mapping[Element, Element], Sequence[Row[OpenFinding]]] = (), {}, ()
        self._begun = False
        self._console = VisibleConsole()
        self._screen = self._console.is_terminal and app.for_people
        self._live = Live(self, console=self._console, refresh_per_second=2, screen=self._screen)

    def __enter__(self) -> Self:
        if self._screen:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._screen:
            self._live.stop()

    def begin(self, lines: Mapping[str, Accounting]) -> None:
        """Show the lines of accounting in an hour."""
        busiest = max(lines, key=lambda name: lines[name].logins + lines[name].commands)
        self._app.notify(
            "watch:accounting", devices=len(lines), device=busiest,
            logins=round(sum(one.logins for one in lines.values())),
            commands=round(sum(one.commands for one in lines.values())),
            most_logins=round(lines[busiest].logins), most_commands=round(lines[busiest].commands),
        )  # fmt: skip

    def show(self, watcher: Watcher, changes: Sequence[StateChange], resting: Mapping[str, str]) -> None:
        """Take a round of the watch."""
        before, self._watcher, self._resting = self._resting, watcher, resting
        if self._screen:
            return
        now = self._app.clock.now()
        if not self._begun and self._app.for_people and (first := watcher.first_reading()):
            click.echo(f"{now:%H:%M:%S} {self._reading(first)}")
        self._begun = True
        for name in sorted(before.keys() ^ resting.keys()):
            self._show_rest(now, name, begins=name in resting, reason=resting.get(name, ""))
        if self._app.for_people:
            for line in change_lines(changes, now, self._lang):
                click.echo(line)
            return
        for change in changes:
            _print_json(now, kind="change", **_CHANGE.plain(recorded_change(change)))

    def _show_rest(self, now: datetime, device: str, *, begins: bool, reason: str) -> None:
        if self._app.for_people:
            words = text(f"watch:rest.{'begin' if begins else 'end'}", self._lang)
            click.echo(f"{now:%H:%M:%S} {words}  {device}{': ' if reason else ''}{reason}")
        else:
            _print_json(now, kind="rest", device=device, begins=begins, reason=reason)

    def __rich_console__(self, console: Console, _options: ConsoleOptions) -> RenderResult:
        if self._watcher is None:
            yield Text(text("watch:wall.first", self._lang))
            return
        yield Text(f"{self._event.title.render(self._lang)}  {self._app.clock.now():%d/%m/%Y %H:%M:%S}", style="bold")
        if beat := self._watcher.beat:
            yield Text(text("watch:wall.cycle", self._lang, **{**vars(beat), "lag_s": f"{beat.lag_s:.1f}"}))
        if first := self._watcher.first_reading():
            yield Text(self._reading(first), style="magenta")
        yield self._verdicts(self._watcher)
        yield self._open(self._watcher)

    def _reading(self, first: FirstReading) -> str:
        """Return the sentence of the first reading, with the verdicts of before."""
        found = text("watch:wall.reading", self._lang, n=first.left)
        if first.last is None:
            return found
        language, venues = Language(self._lang), {venue.id: venue.title for venue in self._event.venues}
        verdicts = "; ".join(
            f"{venues[venue].render(self._lang)} {language.service(service)} {language.verdict(verdict)}"
            for (venue, service), verdict in first.last.verdicts.items()
            if venue in venues
        )
        return (
            f"{found} {text('watch:wall.before', self._lang, at=f'{first.last.at:%d/%m %H:%M:%S}', verdicts=verdicts)}"
        )

    def _verdicts(self, watcher: Watcher) -> Table:
        language, found = Language(self._lang), watcher.verdicts()
        services = list(dict.fromkeys(one.service for one in found))
        table = Table(text("cli:run.venue", self._lang), *map(language.service, services))
        by_place = {(one.venue, one.service): str(one.verdict) for one in found}
        for venue in self._event.venues:
            cells = [by_place.get((venue.id, service), "") for service in services]
            words = [Text(language.verdict(one) if one else "-", style=_STYLES.get(one, "dim")) for one in cells]
            table.add_row(venue.title.render(self._lang), *words)
        return table

    def _in_rows(self, watcher: Watcher) -> Sequence[Row[OpenFinding]]:
        """Return the open findings in rows, made anew after a change of the findings or of their causes."""
        found, below = watcher.open_findings(), watcher.rests()
        if found is not self._rows[0] or below is not self._rows[1]:
            made = rows(
                found, lambda one: about_any(one.entry, one.entry.often), causes((one.entry for one in found), below)
            )
            self._rows = found, below, made
        return self._rows[2]

    def _open(self, watcher: Watcher) -> Table:
        now, language = time.monotonic(), Language(self._lang)
        table = Table(
            *(text(f"watch:wall.{name}", self._lang) for name in ("state", "since", "age", "device", "finding"))
        )
        found = self._in_rows(watcher)
        for row in found[:_SHOWN]:
            first, ages = row.first, [watcher.age(name, now) for name in row.devices if name in watcher.devices]
            known = [age for age in ages if age is not None]
            shown = f"{max(known):.0f} s" if known else "-"
            begun = datetime.fromtimestamp(min(one.since for one in row.findings), UTC)
            since = f"{local_time(begun):%H:%M:%S}"
            sentence = row.sentence(language, language.sentence(first.sentence), _NAMED)
            devices, check = language.names(row.devices, _NAMED), first.finding.check
            table.add_row(language.status(first.status), since, shown, devices, f"{check}: {sentence}")
        if rest := sum(row.count for row in found[_SHOWN:]):
            table.caption = text("watch:wall.more", self._lang, n=rest)
        for name, change in self._resting.items():
            table.add_row(text("watch:rest.begin", self._lang), "", "", name, change)
        return table


def _print_json(now: datetime, **entry: object) -> None:
    click.echo(json.dumps({"at": now.isoformat(timespec="seconds"), **entry}))


def change_lines(changes: Sequence[StateChange], now: datetime, lang: Lang) -> list[str]:
    """Lines of the changes of a round with a cause of their own; the others are in the record with their cause."""
    return [_line(change, now, lang) for change in changes if not change.cause]


def _line(change: StateChange, now: datetime, lang: Lang) -> str:
    language, finding = Language(lang), change.finding
    words = (
        f"{language.status(change.old)} -> {language.status(change.new)}" if change.old else language.status(change.new)
    )
    if finding is None:
        name = sentence_id(change.key, change.old, change.new)
        sentence = text(name, lang, check=change.key.check, subject=change.key.subject)
        return f"{now:%H:%M:%S} {words}  {change.key.device}: {sentence}"
    sentence = language.sentence(sentence_of(finding))
    damped = f" ({text('watch:line.damped', lang)})" if change.damped else ""
    return f"{now:%H:%M:%S} {words}  {change.key.place}: {sentence}{damped}"
