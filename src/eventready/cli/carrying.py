"""A change on the terminal: which wave, what each device is at, and at the end one table and what to do next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

import click
from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.text import Text

from eventready.change.case import Ending
from eventready.change.crew import Options
from eventready.change.freeze import Emergency
from eventready.change.story import GUARDS, STATES, next_step, standings
from eventready.cli.changes import STYLES
from eventready.cli.context import App
from eventready.cli.listing import cell, listing, show
from eventready.cli.who import who
from eventready.english import number_of
from eventready.errors import Exit, UsageError
from eventready.store.changes import ChangeRecord
from eventready.store.store import Store

F = TypeVar("F", bound=Callable[..., Any])

#: What a device is at, while a person watches.
_AT: Mapping[str, str] = {
    "look": "being looked at",
    "read": "being read",
    "backup": "being backed up",
    "arm": "arming its guard",
    "apply": "taking the lines",
    "compare": "being compared with what was predicted",
    "verify": "being verified",
    "confirm": "confirming",
    "prove": "being proven",
    "save": "saving",
    "revert": "GOING BACK",
    "lead_back": "GOING BACK, by our own lines",
}
_BACK = frozenset({"revert", "lead_back"})
#: More untouched devices than this with one and the same reason are one row.
_FOLDED = 3
#: Devices shown at work; a wave may have hundreds.
_SHOWN = 15


class DoneLike(Protocol):
    """What carrying out gives (`change.apply.Done`)."""

    @property
    def change(self) -> str:
        """The change's name; empty where there was nothing to do."""

    @property
    def endings(self) -> Sequence[Ending]:
        """Every device's."""

    @property
    def exit(self) -> Exit:
        """What it means."""

    @property
    def trouble(self) -> str:
        """What could not be put on record."""


class Following:
    """The watch of a change for a person. Off a terminal it says only what did not go as planned."""

    def __init__(self, *, interactive: bool, notices: Sequence[str] = ()) -> None:
        """`notices` are told when nothing has refused the change, before its first device."""
        self._interactive, self._notices = interactive, notices
        self._console = Console(stderr=True, highlight=False, markup=False, emoji=False)
        self._live = Live(self, console=self._console, refresh_per_second=8, transient=True)
        self._lock = Lock()
        self._head, self._at, self._left = "", dict[str, str](), 0

    def __enter__(self) -> Self:
        if self._interactive:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._interactive:
            self._live.stop()

    def begun(self, change: str, devices: int) -> None:
        """See change.crew.Watch."""
        for notice in self._notices:
            self._tell(notice, "yellow")
        self._say(f"Change {change}, {number_of(devices, 'device')}. Ctrl-C calls it back.", "bold")

    def wave(self, number: int, of: int, devices: Sequence[str]) -> None:
        """See change.crew.Watch."""
        with self._lock:
            self._at, self._left = {}, len(devices)
            kind = ", the first device alone" if number == 1 and len(devices) == 1 and of > 1 else ""
            self._head = f"Wave {number} of {of}{kind}"

    def step(self, device: str, step: str) -> None:
        """See change.crew.Watch."""
        with self._lock:
            if step in _AT:
                self._at[device] = step

    def done(self, ending: Ending) -> None:
        """See change.crew.Watch."""
        with self._lock:
            self._at.pop(ending.device, None)
            self._left = max(0, self._left - 1)
        said = f"{ending.device}: {STATES[ending.outcome]}" + (f". {ending.why}" if ending.why else "")
        if ending.outcome == "new" and not ending.why:
            self._say(said, STYLES["new"])
        else:
            self._tell(said, STYLES[ending.outcome])

    def _tell(self, line: str, style: str) -> None:
        """What must be heard off a terminal too."""
        if self._interactive:
            self._say(line, style)
        else:
            click.echo(line, err=True)

    def _say(self, line: str, style: str) -> None:
        if self._interactive:
            self._console.print(Text(line, style=style))

    def __rich_console__(self, _console: Console, _options: ConsoleOptions) -> RenderResult:
        with self._lock:
            at, left, head = dict(self._at), self._left, self._head
        if not head:
            return
        yield Text(f"{head}: {number_of(left, 'device')} to go", style="bold")
        first = sorted(at, key=lambda device: (at[device] not in _BACK, device))  # what goes wrong is seen first
        for device in first[:_SHOWN]:
            yield Text(f"  {device}  {_AT[at[device]]}", style="bold yellow" if at[device] in _BACK else "")
        if len(at) > _SHOWN:
            yield Text(f"  and {len(at) - _SHOWN} more at work")


def tell(app: App, done: DoneLike, store: Store) -> Exit:
    """Print what came of a change: the table and what to do next, or one document. Gives the exit code."""
    if not done.change:
        if app.output == "table":
            click.echo("Nothing to change: every device is as the plan wants it.")
        else:
            app.emit({"change": None, "exit": int(done.exit), "trouble": done.trouble, "devices": [], "next": ""})
        return done.exit
    record = store.changes.get(done.change)
    if app.output == "table":
        _table(app, done, record)
    else:
        document = _document(done, record)
        app.emit(document if app.output == "json" else document["devices"])
    return done.exit


def _rows(done: DoneLike, record: ChangeRecord) -> list[dict[str, Any]]:
    """One per device: the guard and what was verified are on record, the outcome is what was found just now."""
    known = {one.device: one for one in standings(record)}
    waves = {name: number for number, wave in enumerate(record.plan["plan"]["waves"], 1) for name in wave}
    return [
        {
            "wave": waves[ending.device],
            "device": ending.device,
            "outcome": str(ending.outcome),
            "why": ending.why,
            "verified": known[ending.device].verified,
            "guard": known[ending.device].guard,
        }
        for ending in done.endings
    ]


def _document(done: DoneLike, record: ChangeRecord) -> dict[str, Any]:
    return {
        "change": done.change,
        "exit": int(done.exit),
        "trouble": done.trouble,
        "emergency": record.entry.opening.get("emergency"),
        "rolls_back": record.entry.opening.get("rolls_back"),
        "devices": _rows(done, record),
        "next": _next(record),
    }


def _next(record: ChangeRecord) -> str:
    return next_step(record.entry.id, standings(record), rolls_back=str(record.entry.opening.get("rolls_back") or ""))


def _table(app: App, done: DoneLike, record: ChangeRecord) -> None:
    table = listing("Wave", "Device", "Outcome", "Guard", "What was verified")
    rows = _rows(done, record)
    alone = Counter(row["why"] for row in rows if row["outcome"] == "untouched")
    for row in rows:
        if row["outcome"] == "untouched" and alone[row["why"]] > _FOLDED:
            continue
        found = row["why"] or row["verified"] or "-"
        guard = GUARDS.get(row["guard"], row["guard"]) or "-"
        table.add_row(str(row["wave"]), row["device"], cell(row["outcome"], STYLES[row["outcome"]]), guard, found)
    for why, count in alone.items():
        if count > _FOLDED:
            table.add_row("", f"{count} devices", "untouched", "-", why)
    show(table)
    click.echo()
    emergency = record.entry.opening.get("emergency")
    if emergency:
        click.echo(f"EMERGENCY: {Emergency.load(emergency).said}. It stands in the report.")
    if done.trouble:
        app.say(f"eventready: {done.trouble}")
    click.echo(f"Change {done.change}. {_next(record)}")


def carrying_options(command: F) -> F:
    """The options of every command that carries a change out."""
    for option in reversed(
        (
            click.option("--confirm-within", callback=_duration, metavar="TIME",
                         help="After how long a device goes back by itself unless confirmed: 10m, 300s.  "
                              "[default: event.yaml]"),
            click.option("--settle", callback=_duration, metavar="TIME",
                         help="How long a device may take until nothing is worse than before.  [default: event.yaml]"),
            click.option("--workers", type=click.IntRange(1, 500), default=32, show_default=True,
                         help="Devices of a wave at once."),
            click.option("--emergency", "ticket", default="", metavar="TICKET",
                         help="Write in a closed window. Needs --named twice."),
            click.option("--named", multiple=True, metavar="NAME", help="Who answers for the emergency: two people."),
            click.option("--by", default="", metavar="NAME", help="Who you are.  [default: your login]"),
        )
    ):  # fmt: skip
        command = option(command)
    return command


def _duration(_context: click.Context, _parameter: click.Parameter, value: str | None) -> int | None:
    if value is None:
        return None
    text = value.strip().lower()
    factor = {"s": 1, "m": 60, "h": 3600}.get(text[-1:], 0)
    number = text[:-1] if factor else text
    if not number.isascii() or not number.isdecimal() or not 0 < int(number) * (factor or 1) <= 86_400:
        raise click.BadParameter(f"{value!r} is no span of time. Write 10m, 300s or 300.")
    return int(number) * (factor or 1)


def options_of(
    *, confirm_within: int | None, settle: int | None, workers: int, ticket: str, named: Sequence[str], by: str
) -> Options:
    """What `carrying_options` took. Raises UsageError and RefusedError for half an emergency."""
    if named and not ticket:
        raise UsageError("--named belongs to an emergency", do="Add --emergency TICKET, or leave it out.")
    person, host = who(by)
    emergency = Emergency.of(ticket, tuple(named)) if ticket else None
    return Options(
        by=person, host=host, workers=workers, confirm_within_s=confirm_within, settle_s=settle, emergency=emergency
    )


def refuse_missing(path: Path) -> None:
    """Raise UsageError where there is no such plan."""
    if not path.is_file():
        raise UsageError(
            "there is no such plan", where=str(path), do="Make one with `eventready plan INTENT --out PLAN`."
        )
