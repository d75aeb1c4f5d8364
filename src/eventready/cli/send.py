"""eventready send: mail a draft or documents, when told, and keep a record of what went out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from eventready.cli.context import App
from eventready.delivery.delivery import Delivery, State
from eventready.delivery.mail import Mail
from eventready.delivery.post import Post, composed
from eventready.delivery.record import Record
from eventready.errors import Exit, UsageError
from eventready.store.store import Store

_STATES: dict[State, str] = {
    "queued": "waits in the queue",
    "under_way": "is being sent",
    "sent": "sent",
    "partly_refused": "sent, but not to everybody",
    "refused": "refused",
    "uncertain": "UNCERTAIN: it may have arrived",
}


@click.command(short_help="Mail a draft or documents, when told, and record it")
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE...")
@click.option("--to", multiple=True, metavar="ADDRESS", help="To whom; several times.  [default: whom the mail names]")
@click.option("--really", is_flag=True, help="Send. Without it nothing leaves, and what would be sent is said.")
@click.option("--paper", default="", metavar="KIND", help="What the documents are: weekly-report, duty-list, ...")
@click.option("--subject", default="", help="The subject, where the usual one does not do.")
@click.option("--again", default="", metavar="REASON", help="Send a version that somebody has had already.")
@click.option("--queued", is_flag=True, help="What waits in the queue; with --really it is tried again.")
@click.option("--list", "listed", is_flag=True, help="Everything that was sent, and what became of it.")
@click.option("--arrived", default="", metavar="ID", help="An uncertain delivery has arrived: they said so.")
@click.option("--lost", default="", metavar="ID", help="An uncertain delivery has not arrived: it waits again.")
@click.option("--by", default="", help="Who asked whether it arrived.")
@click.option("--note", default="", help="What was said.")
@click.pass_obj
def command(
    app: App,
    *,
    files: tuple[Path, ...],
    to: tuple[str, ...],
    really: bool,
    paper: str,
    subject: str,
    again: str,
    queued: bool,
    listed: bool,
    arrived: str,
    lost: str,
    by: str,
    note: str,
) -> int:
    """Mail FILE... (one .eml, or documents) over the server of event.yaml, and record what became of it.

    No version goes to the same address twice. What could not be sent waits in the queue.

    \b
    Exit code 0: sent, or only shown; 4: it waits, was refused or is uncertain; 7: a rule forbids it.
    """
    chosen = [bool(files), queued, listed, bool(arrived), bool(lost)]
    if sum(chosen) != 1:
        raise UsageError("one thing at a time is done", do="Give files, or one of --queued, --list, --arrived, --lost.")
    event = app.workspace.event
    if files and not really:
        return _would(app, *composed(files, event, app.clock, to=to, kind=paper, subject=subject))
    with Store.of_workspace(app.workspace_path) as store:
        for notice in store.notices:
            app.say(notice)
        record = Record(store, app.clock)
        post = Post(app.workspace_path, event, record, app.clock)
        if listed or (queued and not really):
            found = record.deliveries()
            return _show(app, [d for d in found if d.of("waiting")] if queued else found, code=False)
        if arrived or lost:
            if not (by and note):
                raise UsageError("who asked, and what was said?", do="Give --by and --note.")
            return _show(app, [record.settle(arrived or lost, arrived=bool(arrived), by=by, note=note)])
        if queued:
            return _show(app, list(post.send_queued()))
        mail, recipients = composed(files, event, app.clock, to=to, kind=paper, subject=subject)
        return _show(app, [post.send(mail, recipients, again)])


def _would(app: App, mail: Mail, recipients: Sequence[str]) -> int:
    settings = app.workspace.event.mail
    server = f"{settings.server.host}:{settings.server.port}" if settings and settings.server else ""
    if app.output != "table":
        app.emit(
            {
                "sent": False,
                "subject": mail.subject,
                "sender": mail.sender or (settings.sender if settings else ""),
                "recipients": list(recipients),
                "server": server,
                "size": len(mail.data),
                "fingerprint": mail.fingerprint,
                "files": [{"name": f.name, "sha256": f.sha256, "size": f.size} for f in mail.enclosed],
            }
        )
        return Exit.OK
    click.echo(f"Subject:    {mail.subject}")
    click.echo(f"From:       {mail.sender or (settings.sender if settings else '(nobody: event.yaml has no mail)')}")
    click.echo(f"To:         {', '.join(recipients)}")
    for file in mail.enclosed:
        click.echo(f"Attached:   {file.name}  {file.size:,} bytes  sha256 {file.sha256[:16]}")
    click.echo(f"Size:       {len(mail.data) / 1e6:.2f} MB")
    click.echo(f"Server:     {server or '(none: add `server` under `mail` in event.yaml)'}")
    app.say("Nothing was sent. Add --really to send it.")
    return Exit.OK


def _show(app: App, deliveries: Sequence[Delivery], *, code: bool = True) -> int:
    if app.output == "table":
        for delivery in deliveries:
            _print(delivery)
        if not deliveries:
            app.say("Nothing waits." if code else "There is nothing here.")
    else:
        app.emit([delivery.plain() for delivery in deliveries])
    if not code or all(delivery.state == "sent" for delivery in deliveries):
        return Exit.OK
    if app.output == "table":
        for delivery in deliveries:
            _advise(app, delivery)
    return Exit.INCOMPLETE


def _print(delivery: Delivery) -> None:
    mark = "  (rehearsal)" if delivery.rehearsal else ""
    click.echo(f"{delivery.id}  {_STATES[delivery.state]}  {delivery.at:%d/%m/%Y %H:%M}{mark}  {delivery.subject}")
    for address, leg in delivery.legs.items():
        click.echo(f"  {leg.fate:<10} {address}  {leg.why}".rstrip())
    click.echo(f"  message id {delivery.message_id}")


def _advise(app: App, delivery: Delivery) -> None:
    if delivery.of("waiting"):
        app.say(f"{delivery.id} is kept in the queue. Try again: eventready send --queued --really")
    if delivery.of("refused"):
        app.say(f"{delivery.id} was refused for {', '.join(delivery.of('refused'))}: correct that, and send it anew.")
    if delivery.of("uncertain"):
        app.say(
            f"{delivery.id} may have arrived, so it is not sent again by itself. Ask, then say: "
            f"eventready send --arrived {delivery.id} (or --lost {delivery.id}) --by ... --note ..."
        )
