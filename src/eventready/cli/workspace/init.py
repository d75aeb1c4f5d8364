"""`eventready init`: a workspace for an event, or a copy of an example."""

from __future__ import annotations

import sys
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import click

from eventready.cli.context import App
from eventready.cli.options import PATH
from eventready.core.clock import TZ, parse_moment
from eventready.core.errors import UsageError
from eventready.core.messages import message
from eventready.workspace.examples.example import copy_example, example_named
from eventready.workspace.examples.new_workspace import NewEvent, NewVenue, write_workspace
from eventready.workspace.permission import allow
from eventready.workspace.settings.event import Operator


@click.command()
@click.argument("folder", metavar="DIR", type=PATH)
@click.option("--example", metavar="[NAME]", is_flag=False, flag_value="", help="Copy the shipped example instead.")
@click.option("--event", "name", metavar="NAME", help="Name of the event.")
@click.option("--province", metavar="NAME", help="Province of the event.")
@click.option("--opening", metavar="TIME", help='Opening: "2027-03-26 19:30" or "26/03/2027 19:30".')
@click.option("--ending", metavar="TIME", help="End of the event.  [default: four hours after the opening]")
@click.option(
    "--venue",
    "venues",
    multiple=True,
    metavar="ID=NAME[:SERVICES]",
    help="Venue, repeatable: hall=Provincial Hall:internet,wifi.  [default services: all]",
)
@click.option("--enterprise", default="", metavar="NAME", help="Enterprise that signs the reports.")
@click.option("--short", default="", metavar="TEXT", help="Its abbreviation.  [default: initials]")
@click.option("--operator", type=click.Choice(["telecom", "postal", "both"]), default="telecom", show_default=True,
              help="Selects the clauses that apply.")  # fmt: skip
@click.option("--recipient", default="", metavar="NAME", help="Recipient of the reports.")
@click.option("--recipient-email", default="", metavar="ADDRESS", help="Address of the recipient.")
@click.pass_obj
def command(  # noqa: PLR0917  options
    app: App,
    folder: Path,
    example: str | None,
    name: str | None,
    province: str | None,
    opening: str | None,
    ending: str | None,
    venues: tuple[str, ...],
    enterprise: str,
    short: str,
    operator: Operator,
    recipient: str,
    recipient_email: str,
) -> None:
    """Create a workspace in DIR, an absent or empty folder. A terminal prompts for missing answers.

    Windows, weekly reports and deadlines are computed from the opening.
    """
    if example is not None:
        written = copy_example(folder, example_named(example))
    else:
        answers = {"--event": name, "--province": province, "--opening": opening, "--venue": ";".join(venues) or None}
        complete = _complete(app, answers)
        start = parse_moment(complete["--opening"])
        written = write_workspace(
            folder,
            NewEvent(
                name=complete["--event"],
                province=complete["--province"],
                opening=start,
                ending=parse_moment(ending) if ending else start + timedelta(hours=4),
                venues=tuple(NewVenue.parse(text) for text in complete["--venue"].split(";")),
                enterprise=enterprise,
                short=short,
                operator=operator,
                recipient=recipient,
                recipient_email=recipient_email or NewEvent.recipient_email,
                today=datetime.now(TZ).date() if not app.clock.rehearsal else app.clock.now().date(),
            ),
        )
    with suppress(UsageError):  # without a configuration folder `eventready allow` explains what to do
        allow(folder)
    if app.output == "table":
        app.notify("cli:init.next", folder=str(folder))
    else:
        app.emit({"workspace": str(folder), "files": [path.as_posix() for path in written]})


def _complete(app: App, answers: dict[str, str | None]) -> dict[str, str]:
    """Ask for missing answers on a terminal. Raises UsageError without a terminal."""
    missing = [option for option, value in answers.items() if not value or not value.strip()]
    if missing and not sys.stdin.isatty():
        raise UsageError(message("cli:init.incomplete", options=missing))
    return {
        option: value or click.prompt(app.text(f"cli:init_prompt.{option.lstrip('-')}"), err=True)
        for option, value in answers.items()
    }
