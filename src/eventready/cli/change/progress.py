"""Progress and result of a change on the terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any, Self

import click
from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.text import Text

from eventready.change.document import PlanFile, load_plan
from eventready.change.execute.context import Options
from eventready.change.execute.progress import BACK, RecordedProgress
from eventready.change.execute.result import ApplyResult, AssignmentResult
from eventready.change.execute.status import advice, describe_outcome, device_statuses
from eventready.change.safety.freeze import emergency_of
from eventready.change.times import RetryTiming
from eventready.cli.console import Cell, Listing, VisibleConsole, styled
from eventready.cli.context import App, Shown
from eventready.cli.signing import current_user, role_key
from eventready.core.errors import EventreadyError, Exit, UsageError
from eventready.core.messages import Lang, Message, Param, in_language, known, message, term, text
from eventready.store.change_steps import DeviceOutcome, absolute_state
from eventready.store.changes import ChangeRecord
from eventready.store.store import Store

#: Style of an outcome.
STYLES = {"new": "green", "old": "yellow", "untouched": "", "by_hand": "yellow", "unproven": "bold red"}
#: Times of the changes of this process; tests shorten the pause.
TIMING = RetryTiming()
#: More untouched devices than this with the same reason are one row.
_FOLDED = 3
#: Active devices shown; a wave may have hundreds.
_SHOWN = 15


class ApplyProgress:
    """Progress of a change for a person; off a terminal a line per wave, step and device.

    `recorded`: progress from the record of the change, which has the times left; None without a record.
    """

    def __init__(self, *, interactive: bool, notices: Sequence[str] = (), lang: Lang = "en") -> None:
        """`notices` are printed when the change begins, before its first device."""
        self._interactive, self._notices, self._lang = interactive, notices, lang
        self._console = VisibleConsole(stderr=True)
        self._live = Live(self, console=self._console, refresh_per_second=8, transient=True)
        self._lock = Lock()
        self._head, self._at, self._left = "", dict[str, str](), 0
        self._prompt: Callable[[], str] | None = None
        self._begins: datetime | None = None
        self.recorded: Callable[[], RecordedProgress | None] = lambda: None

    def __enter__(self) -> Self:
        if self._interactive:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._interactive:
            self._live.stop()

    def waits(self, change: str, at: datetime, real: datetime) -> None:
        """See ChangeProgress."""
        self._warn()
        self._begins = real
        self._print_always(self._text("change:waits", change=change, at=at), "bold")

    def begun(self, change: str, devices: int) -> None:
        """See ChangeProgress."""
        self._warn()
        self._at, self._left, self._begins = {}, 0, None
        self._print(self._text("change:begun", change=change, devices=devices), "bold")

    def wave(self, number: int, of: int, devices: Sequence[str]) -> None:
        """See ChangeProgress."""
        with self._lock:
            self._left += len(devices)  # a wave may begin while the one before soaks
            alone = number == 1 and len(devices) == 1 and of > 1
            self._head = self._text("change:wave_alone" if alone else "change:wave", number=number, of=of)
        if not self._interactive:
            click.echo(self._head, err=True)

    def step(self, device: str, step: str) -> None:
        """See ChangeProgress."""
        if not known(f"change:activity.{step}"):
            return
        with self._lock:
            self._at[device] = step
        if not self._interactive:
            click.echo(f"{device}: {self._text(f'change:activity.{step}')}", err=True)

    def done(self, result: AssignmentResult) -> None:
        """See ChangeProgress."""
        with self._lock:
            self._at.pop(result.device, None)
            self._left = max(0, self._left - 1)
        state = describe_outcome(result.outcome, goes_back=result.goes_back).render(self._lang)
        line = f"{result.device}: {state}" + (f". {in_language(result.why, self._lang)}" if result.why else "")
        self._print_always(line, STYLES[result.outcome])

    def prompt(self, shown: Callable[[], str] | None) -> None:
        """Show a question below the devices; None: no more. Off a terminal no question is shown."""
        self._prompt = shown

    def ring(self) -> None:
        """Ring the bell of the terminal."""
        self._console.bell()

    def say(self, line: str) -> None:
        """Print a line."""
        self._print_always(line, "bold")

    def _warn(self) -> None:
        """Print the notices, once: an atomic change may begin a rollback."""
        for notice in self._notices:
            self._print_always(notice, "yellow")
        self._notices = ()

    def _text(self, msgid: str, /, **params: Param) -> str:
        return text(msgid, self._lang, **params)

    def _print_always(self, line: str, style: str) -> None:
        """Print a line, off a terminal too."""
        if self._interactive:
            self._print(line, style)
        else:
            click.echo(line, err=True)

    def _print(self, line: str, style: str) -> None:
        if self._interactive:
            self._console.print(Text(line, style=style))

    def __rich_console__(self, _console: Console, _options: ConsoleOptions) -> RenderResult:
        with self._lock:
            at, left, head, prompt = dict(self._at), self._left, self._head, self._prompt
        if self._begins is not None:
            seconds = max(0, int((self._begins - datetime.now(UTC)).total_seconds()))
            yield Text(self._text("change:waits_left", left=str(timedelta(seconds=seconds))), style="bold")
        if recorded := self.recorded():
            yield Text(recorded.head.render(self._lang), style="bold")
            yield from self._lines([(one.step, one.describe(active=True)) for one in recorded.in_order])
        elif head:
            yield Text(self._text("change:to_go", head=head, devices=left), style="bold")
            first = sorted(at, key=lambda device: (at[device] not in BACK, device))  # reverting devices first
            activities = {device: message(f"change:activity.{step}") for device, step in at.items()}
            yield from self._lines(
                [(at[one], message("change:progress.device", device=one, parts=[activities[one]])) for one in first]
            )
        if prompt:
            yield Text(prompt(), style="bold")

    def _lines(self, devices: Sequence[tuple[str, Message]]) -> Iterator[Text]:
        """Yield the first devices, each with its step and its sentence, and the number of others."""
        for step, sentence in devices[:_SHOWN]:
            yield Text(f"  {sentence.render(self._lang)}", style="bold yellow" if step in BACK else "")
        if len(devices) > _SHOWN:
            yield Text(self._text("change:more", more=len(devices) - _SHOWN))


@contextmanager
def interruption_as_failure() -> Iterator[None]:
    """Raise ChangeInterrupted for Ctrl-C in the block, which no line has been sent before."""
    try:
        yield
    except KeyboardInterrupt:
        raise ChangeInterrupted(message("cli:apply.interrupted")) from None


class ChangeInterrupted(EventreadyError):
    """Interruption of a change outside its devices; those end as results."""

    exit = Exit.CHANGE_REVERTED


def report_result(app: App, result: ApplyResult, store: Store) -> Exit:
    """Print the result of a change: a table and the next action, or a document. Return the exit code."""
    if not result.change:
        nothing: dict[str, Any] = {
            "change": None,
            "exit": int(result.exit),
            "trouble": result.trouble,
            "devices": [],
            "next": "",
        }
        app.show(nothing, message("change:empty"))
        return result.exit
    record = store.changes.get(result.change)
    app.show(_document(result, record), _shown(app, result, record))
    return result.exit


def _rows(result: ApplyResult, record: ChangeRecord) -> list[dict[str, Any]]:
    """Rows of the result table per device: guard and verification from the journal, outcome from the result."""
    known = {status.device: status for status in device_statuses(record)}
    waves = {name: number for number, wave in enumerate(record.planned.plan.waves, 1) for name in wave}
    return [
        {
            "wave": waves.get(one.device),
            "device": one.device,
            "outcome": absolute_state(one.outcome, goes_back=bool(record.entry.header.rolls_back)),
            "touched": one.outcome is not DeviceOutcome.UNTOUCHED,
            "why": one.why,
            "verified": known[one.device].verified,
            "guard": known[one.device].guard,
            **({} if (drift := known[one.device].drift) is None else {"drift": drift}),
            **({"risks": list(risks)} if (risks := known[one.device].risks) else {}),
        }
        for one in result.results
    ]


def _document(result: ApplyResult, record: ChangeRecord) -> dict[str, Any]:
    return {
        "change": result.change,
        "exit": int(result.exit),
        "trouble": result.trouble,
        "emergency": record.entry.header.emergency,
        "rolls_back": record.entry.header.rolls_back or None,
        "devices": _rows(result, record),
        "next": advice(record).render("en"),
    }


def _shown(app: App, result: ApplyResult, record: ChangeRecord) -> Iterator[Shown]:
    rows = _rows(result, record)
    yield Listing("change:column", ("wave", "device", "outcome", "guard", "verification"), _cells(app, result, rows))
    yield ""
    for row in rows:
        if "drift" in row:
            yield message("change:drift.told", device=row["device"], drift=row["drift"].summary)
        if "risks" in row:
            yield message("change:way_in.told", device=row["device"], risks=row["risks"])
    if emergency := record.entry.header.emergency:
        yield message("change:emergency_listed", emergency=emergency.summary)
    if result.trouble:
        app.say(f"eventready: {in_language(result.trouble, app.lang)}")
    yield message("change:result", change=result.change, next=app.hint(advice(record)))


def _cells(app: App, result: ApplyResult, rows: Sequence[Mapping[str, Any]]) -> Iterator[Sequence[Cell]]:
    """Cells of the devices, with a common row for many untouched devices with the same reason."""
    alone = Counter((row["why"], row["outcome"]) for row in rows if not row["touched"])
    for one, row in zip(result.results, rows, strict=True):
        if not row["touched"] and alone[row["why"], row["outcome"]] > _FOLDED:
            continue
        found = in_language(row["why"] or row["verified"] or "-", app.lang)
        guard = term("change:guard", row["guard"], app.lang) or "-"
        outcome = styled(term("change:outcome", row["outcome"], app.lang), STYLES[one.outcome])
        yield str(row["wave"] or "-"), row["device"], outcome, guard, found
    for (why, state), count in alone.items():
        if count > _FOLDED:
            folded = term("change:outcome", state, app.lang)
            yield "", message("change:folded", n=count), folded, "-", in_language(why, app.lang)


def options_of(
    app: App,
    *,
    signed: bool,
    confirm_within: int | None,
    settle: int | None,
    soak: int | None,
    workers: int | None,
    ticket: str,
    named: Sequence[str],
    by: str,
    source: str,
) -> Options:
    """Return the options of `execution_options`; `signed`: with the operator's key, where the workspace has such keys.

    Raises UsageError and RefusedError, also for an incomplete emergency.
    """
    if named and not ticket:
        raise UsageError(message("cli:apply.named"))
    emergency = emergency_of(ticket, tuple(named)) if ticket else None
    appliers = app.allowed_workspace.event.changes.appliers if signed else ()
    key, name = role_key(app, appliers, source, by)
    person, host = current_user(name)
    return Options(
        by=person,
        host=host,
        workers=app.workspace.event.reading.given(workers=workers).workers,
        confirm_within_s=confirm_within,
        settle_s=settle,
        soak_s=soak,
        emergency=emergency,
        key=key,
        timing=TIMING,
    )


def existing_plan(path: Path) -> PlanFile:
    """Load a plan. Raises UsageError if there is no such plan, and the errors of `load_plan`."""
    if not path.is_file():
        raise UsageError(message("cli:apply.no_plan"), where=str(path))
    return load_plan(path)
