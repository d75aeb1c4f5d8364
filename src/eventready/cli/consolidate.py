"""eventready consolidate: the operators' bundles become the province's report."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import get_args

import click

from eventready.cli.context import App
from eventready.delivery.bundle import Wanted
from eventready.delivery.page import to_page
from eventready.delivery.province import province
from eventready.delivery.receive import Received, receive
from eventready.delivery.wording import load_wording
from eventready.english import number_of
from eventready.errors import Exit, UsageError, most_severe
from eventready.keys import load_public
from eventready.report.document.formats import FORMS, Form, render
from eventready.report.files import write_bytes
from eventready.report.words import Lang
from eventready.workspace.event import load_event


@click.command(short_help="One provincial report from the operators' bundles")
@click.argument("bundles", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path),
                metavar="BUNDLE...")  # fmt: skip
@click.option("--keys", type=click.Path(file_okay=False, path_type=Path), required=True, metavar="DIR",
              help="The operators' published keys.")  # fmt: skip
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, metavar="DIR",
              help="Where the report and the page go.")  # fmt: skip
@click.option("--event", "event_id", default="", metavar="ID", help="Of which event.  [default: the workspace's]")
@click.option("--max-age", type=click.IntRange(0, 3650), default=8, show_default=True, metavar="DAYS",
              help="Older ones are refused.")  # fmt: skip
@click.option("--lang", type=click.Choice(get_args(Lang)), default="vi", show_default=True, help="Language.")
@click.option("--format", "forms", default="docx,pdf,md,json", show_default=True, help="docx, pdf, xlsx, md, json.")
@click.pass_obj
def command(
    app: App, *, bundles: tuple[Path, ...], keys: Path, out: Path, event_id: str, max_age: int, lang: Lang, forms: str
) -> int:
    """Check every BUNDLE (signature, schema, event, age) and make one report for the People's Committee and one page
    with a row per operator. What does not hold is refused and named; the others are consolidated.

    \b
    Exit code 0; 2: a file is no bundle; 7: a bundle was refused (altered, foreign, too old, twice).
    """
    wanted = Wanted(
        event=event_id or _event(app),
        keys=load_public(keys),
        moment=app.clock.now(),
        oldest=timedelta(days=max_age),
        rehearsal=app.clock.rehearsal,
    )
    chosen = _forms(forms)
    received = receive(bundles, wanted)
    for refused in received.refused:
        app.say(f"eventready: {refused.path}: {refused.error}")
    if not received.bundles:
        app.say("eventready: no bundle is left to consolidate. See above.")
        return most_severe({refused.error.exit for refused in received.refused})
    wording = load_wording(app.workspace_path, lang)
    document = province(received, wanted, wording, lang)
    made = {f"{document.stem}.{form}": render(document, form) for form in chosen}
    made[f"{document.stem}.html"] = to_page(received, wanted, wording, lang).encode()
    for name, data in made.items():
        write_bytes(out / name, data)
    _tell(app, received, [out / name for name in made])
    return most_severe({refused.error.exit for refused in received.refused})


def _forms(text: str) -> tuple[Form, ...]:
    asked = [part.strip() for part in text.split(",") if part.strip()]
    wrong = [part for part in asked if part not in FORMS]
    if wrong or not asked:
        raise UsageError(f"{', '.join(wrong) or 'nothing'} is no format", do=f"Choose among {', '.join(FORMS)}.")
    return tuple(form for form in FORMS if form in asked)


def _event(app: App) -> str:
    path = app.workspace_path / "inventory" / "event.yaml"
    if not path.is_file():
        raise UsageError("it must be said of which event the bundles are", do="Give --event, or a workspace with -w.")
    return load_event(path).id


def _tell(app: App, received: Received, files: list[Path]) -> int:
    if app.output == "table":
        for file in files:
            click.echo(file)
        silent = f" No bundle from: {', '.join(received.silent)}." if received.silent else ""
        app.say(
            f"{number_of(len(received.bundles), 'operator')} consolidated, {len(received.refused)} refused.{silent}"
        )
    else:
        app.emit(
            {
                "files": [str(file) for file in files],
                "operators": [bundle.operator for bundle in received.bundles],
                "refused": [{"file": str(r.path), "why": str(r.error), "exit": r.error.exit} for r in received.refused],
                "silent": list(received.silent),
            }
        )
    return Exit.OK
