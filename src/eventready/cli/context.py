"""Context of every command: workspace, clock of the event, output format."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import click

from eventready.cli.commands import COMMANDS
from eventready.cli.folding import folded
from eventready.core.clock import Clock
from eventready.core.country import DEFAULT_COUNTRY, use_country
from eventready.core.errors import RefusedError, StoreError
from eventready.core.messages import Bilingual, Lang, Message, Param, Text, as_data, in_language, message, text
from eventready.core.timezone import DEFAULT, use_zone

if TYPE_CHECKING:
    from rich.console import ConsoleRenderable

    from eventready.cli.console import Listing
    from eventready.facts.equipment import Equipment
    from eventready.store.store import Store
    from eventready.workspace.devices.device import Device
    from eventready.workspace.workspace import Workspace

#: What people see: a line, a sentence, a table, another part of rich, or several.
Shown: TypeAlias = "str | Text | Listing | ConsoleRenderable | Iterable[Shown]"
Output = Literal["table", "json", "ndjson"]
#: Keys of an event with a zone or a country of its own.
_PLACE = re.compile(r"\b(zone|country)['\"]?\s*:")
#: Command line of a sentence without `-w`; `init` makes a workspace of its own.
_COMMAND = re.compile(rf"(?<![\w./-])eventready (?=(?:{'|'.join(COMMANDS)})\b)(?!init\b)")


@dataclass
class App:
    """Command context, created by `main` and passed with `@click.pass_obj`."""

    workspace_path: Path = Path()
    output: Output = "table"
    #: Time of `--now`, a local time without an offset.
    chosen_now: str = ""
    chosen_lang: Lang | None = None
    #: `--help` shows all commands, options and exit codes.
    whole_help: bool = False

    @property
    def lang(self) -> Lang:
        """Language of the terminal: `--lang`, else English."""
        return self.chosen_lang or "en"

    @property
    def paper_lang(self) -> Lang:
        """Language of papers and mails: `--lang`, else the language of the event's country."""
        from eventready.workspace.settings.country import language_of  # noqa: PLC0415  papers only

        return self.chosen_lang or language_of(self.country)

    @cached_property
    def country(self) -> str:
        """Country of the event, without loading the workspace."""
        from eventready.workspace.settings.event import country_of  # noqa: PLC0415  loads pydantic

        return country_of(self.workspace_path)

    @cached_property
    def clock(self) -> Clock:
        """Clock of the event: `--now` or the present, marked as a rehearsal in the workspace of a lab."""
        from eventready.workspace.settings.event import is_lab  # noqa: PLC0415  commands without a workspace start faster

        self.take_place()
        return replace(Clock.starting(self.chosen_now), marked=is_lab(self.workspace_path))

    def take_place(self) -> None:
        """Take zone and country of the workspace for the times and numbers of the command, unloaded."""
        use_zone(DEFAULT)
        use_country(DEFAULT_COUNTRY)
        with suppress(OSError, ValueError):
            event = self.workspace_path / "inventory" / "event.yaml"
            if _PLACE.search(event.read_text(encoding="utf-8")):
                from eventready.workspace.settings.event import use_place_of  # noqa: PLC0415  loads pydantic

                use_place_of(self.workspace_path)

    def outgoing_clock(self, *, rehearsal: bool) -> Clock:
        """Clock for documents sent to others. Raises RefusedError for a rehearsal without `--rehearsal`."""
        if self.clock.rehearsal and not rehearsal:
            raise RefusedError(message("delivery:unmarked_rehearsal"), do=message("delivery:unmarked_rehearsal_do"))
        return replace(self.paper_clock(rehearsal=rehearsal), marked=rehearsal)

    def paper_clock(self, *, rehearsal: bool) -> Clock:
        """Return the clock of a paper, marked by `--rehearsal`. Raises RefusedError for unmarked example data."""
        from eventready.clauses.example_data import require_own_data  # noqa: PLC0415  papers only

        clock = replace(self.clock, marked=self.clock.marked or rehearsal)
        if not clock.rehearsal:
            require_own_data(self.workspace)
        return clock

    @cached_property
    def workspace(self) -> Workspace:
        """Workspace, loaded and validated on first use."""
        from eventready.workspace.workspace import load_workspace  # noqa: PLC0415  commands without one start faster

        return load_workspace(self.workspace_path)

    @cached_property
    def equipment(self) -> Equipment:
        """Devices of the workspace with their platforms."""
        from eventready.facts.equipment import Equipment  # noqa: PLC0415  commands without platforms start faster

        return Equipment.of(self.workspace)

    @cached_property
    def allowed_workspace(self) -> Workspace:
        """Load the workspace for connections or programs. Raises RefusedError without `eventready trust content`."""
        from eventready.workspace.permission import require_allowed  # noqa: PLC0415  connecting commands only
        from eventready.workspace.workspace import require_workspace  # noqa: PLC0415  loads YAML

        require_workspace(self.workspace_path)
        require_allowed(self.workspace_path)
        return self.workspace

    @contextmanager
    def open_store(
        self, *, make: bool = True, only_reads: bool = False, absent: Message | None = None
    ) -> Iterator[Store]:
        """Open the store of the workspace for the block, and print its notices; options as of `Store.of_workspace`."""
        from eventready.store.store import Store  # noqa: PLC0415  loads SQLAlchemy

        with Store.of_workspace(self.workspace_path, make=make, only_reads=only_reads, absent=absent) as store:
            for notice in store.notices:
                self.say(notice)
            yield store

    @contextmanager
    def at_work(self, command: str, devices: Iterable[Device]) -> Iterator[None]:
        """Let a watch of these devices leave them alone during the block, where the store can be written."""
        from eventready.store.store import Store  # noqa: PLC0415  loads SQLAlchemy
        from eventready.watch.record import WatchRecord  # noqa: PLC0415

        with ExitStack() as stack:
            with suppress(StoreError):
                if Store.exists(self.workspace_path):
                    store = stack.enter_context(Store.of_workspace(self.workspace_path))
                    record = WatchRecord(store, self.workspace.event.id, self.clock)
                    stack.enter_context(record.working([device.name for device in devices], command))
            yield

    def show(self, document: Any, *shown: Shown, closing: Iterable[str | Text] = ()) -> None:
        """Print a document for programs, or lines and tables for people and closing sentences.

        `document`: JSON types and records, a function for those that take time, or the pieces of a JSON text. `shown`
        is made for people only, its messages are folded, its texts are not; `closing` goes to stderr.
        """
        if self.for_people:
            self.display(*shown)
            for sentence in closing:
                self.say(self.hint(sentence))
            return
        made = document() if callable(document) else document
        with self.tolerate_closed_pipe():
            for piece in made if isinstance(made, Iterator) else ():
                click.echo(piece.decode(), nl=False)  # text: the stream escapes its control characters
            if not isinstance(made, Iterator):
                click.echo(json.dumps(made, ensure_ascii=False, indent=1, default=as_data))

    def display(self, *shown: Shown) -> None:
        """Print lines and tables for people; nothing for programs."""
        with self.tolerate_closed_pipe():
            for part in shown if self.for_people else ():
                self._print(part)

    def _print(self, part: Shown) -> None:
        if isinstance(part, str):
            click.echo(part)
        elif isinstance(part, Message | Bilingual):
            click.echo(folded(in_language(part, self.lang)))
        elif isinstance(part, Iterable):
            for one in part:
                self._print(one)
        else:
            from eventready.cli.console import Listing, VisibleConsole  # noqa: PLC0415  loads rich

            if not isinstance(part, Listing):
                VisibleConsole().print(part)
            elif not part.print(self.lang):
                self.notify(part.none)

    def text(self, msgid: str, /, **params: Param) -> str:
        """A message of the catalogue in the terminal's language."""
        return text(msgid, self.lang, **params)

    def hint(self, content: str | Text) -> str:
        """A message in the terminal's language, its commands with `-w` and this workspace."""
        shown = in_language(content, self.lang)
        if self.workspace_path == Path():
            return shown
        here = f"eventready -w {quote(str(self.workspace_path))} "
        return _COMMAND.sub(lambda _: here, shown)

    def say(self, message: str | Text) -> None:
        """Print a message on stderr, folded, without the secrets in use, which a quoted server or device may print."""
        shown = in_language(message, self.lang)
        if redaction := sys.modules.get("eventready.core.redaction.redaction"):  # loaded with the first secret
            shown = redaction.redactor.without_long(shown)
        click.echo(folded(shown), err=True)

    def notify(self, msgid: str, /, **params: Param) -> None:
        """A message of the catalogue, on stderr, its commands with `-w` and this workspace."""
        self.say(self.hint(self.text(msgid, **params)))

    @staticmethod
    @contextmanager
    def tolerate_closed_pipe() -> Iterator[None]:
        """Ignore a closed stdout (`head`, a pager) inside the block; later work and the exit code stay the same."""
        try:
            yield
            sys.stdout.flush()
        except (BrokenPipeError, SystemExit):  # rich leaves by SystemExit
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    @property
    def for_people(self) -> bool:
        """False for `-o json` and `-o ndjson`: stdout is for a program."""
        return self.output == "table"

    @property
    def interactive(self) -> bool:
        """True when stderr is a terminal."""
        return sys.stderr.isatty()

    @property
    def shows_progress(self) -> bool:
        """True for a person at a terminal."""
        return self.interactive and self.for_people


def lab_origin(workspace: Path) -> str:
    """Workspace behind a lab copy (`W/.eventready/lab`), quoted for a shell; other folders unchanged."""
    parts = workspace.resolve().parts
    inside = parts[-2:] == (".eventready", "lab")
    return quote(str(workspace.parent.parent if inside else workspace))
