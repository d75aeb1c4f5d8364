"""`eventready approve`: a second person looks at a plan and signs its hash."""

from __future__ import annotations

from pathlib import Path

import click

from eventready.change.approval import approve, approved_by, needed, refuse_unsendable
from eventready.change.plan import PlanFile, load_plan, write_plan
from eventready.cli.context import App
from eventready.cli.planned import show
from eventready.errors import RefusedError, UsageError
from eventready.keys import load_private

#: Where an approver's key lies unless something else is said; the folder is not put under version control.
_KEY = Path(".eventready") / "keys" / "approval.pem"


@click.command("approve", short_help="Look at a plan and sign its hash, as a second person")
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path), metavar="PLAN")
@click.option("--key", "source", default="", metavar="KEY", help="File, or env:, keyring:, vault: reference.")
@click.option("--seal", default="", metavar="HASH", help="The beginning of the hash that you were told to approve.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def command(app: App, *, path: Path, source: str, seal: str, yes: bool) -> None:
    """Show PLAN, and sign its hash with your key. The approval stands in the file beside the plan.

    Your key is made with `eventready bundle keygen --out KEY --operator "YOUR NAME"`; its fingerprint stands in
    `changes: approvers:` of event.yaml. Nobody approves a plan of their own.
    """
    file = load_plan(path)
    settings = app.workspace.event.changes
    if file.plan.event != app.workspace.event.id:
        raise RefusedError(
            f"the plan is for the event {file.plan.event}, not {app.workspace.event.id}",
            where=str(path),
            do="Name the workspace that it was made in with -w.",
        )
    if seal and not file.plan.sha256.startswith(seal.strip().lower()):
        raise RefusedError(
            f"the plan's hash begins with {file.plan.sha256[:16]}, not with {seal.strip()[:64]}",
            where=str(path),
            do="Ask for the plan that was meant.",
        )
    refuse_unsendable(file.plan, app.workspace)
    key = load_private(source or _own_key(app), app.workspace_path, "")
    signed = approve(file, settings, key, app.clock.real())
    if not yes and not seal:
        show(file.plan, sent=True, err=app.output != "table")
        if not click.confirm("\nDo you approve this plan?", err=True):
            raise RefusedError("you did not approve the plan, and nothing was signed", where=str(path))
        signed = approve(_still(path, file), settings, key, app.clock.real())
    write_plan(path, signed)
    names = approved_by(signed, settings)
    missing = max(0, needed(signed.plan, settings) - len(names))
    if app.output == "table":
        click.echo(f"{path}  {signed.plan.id}, approved by {', '.join(names)}")
        start = f"eventready -w {app.workspace_path}"
        app.say(f"{missing} more must approve it." if missing else f"Next: {start} apply {path}")
    else:
        app.emit({"plan": signed.plan.id, "sha256": signed.plan.sha256, "approved_by": list(names), "missing": missing})


def _own_key(app: App) -> str:
    """Where the key lies unless it is named. Raises UsageError where there is none."""
    path = app.workspace_path / _KEY
    if not path.is_file():
        make = f'eventready bundle keygen --out {path} --operator "YOUR NAME"'
        raise UsageError(
            "you have no key to approve with", where=str(path), do=f"Name yours with --key, or make one: `{make}`."
        )
    return str(path)


def _still(path: Path, shown: PlanFile) -> PlanFile:
    """The file as it is now: somebody else may have approved it meanwhile. Raises RefusedError for another plan."""
    file = load_plan(path)
    if file.plan != shown.plan:
        raise RefusedError("the plan was replaced while you read it", where=str(path), do="Look at the new one.")
    return file
