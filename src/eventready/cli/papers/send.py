"""`eventready send`: mail a draft or documents on demand, and record each delivery."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from eventready.cli.context import App
from eventready.cli.deferred import deferred
from eventready.core.errors import Exit, UsageError
from eventready.core.messages import in_language, message

with deferred():
    from eventready.clauses.attestations.forms import document_titles
    from eventready.delivery.mail.delivery_log import Delivery, DeliveryLog
    from eventready.delivery.mail.mail import Mail
    from eventready.submission.mailer import Mailer, MailRequest, build_mail


@click.command()
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE...")
@click.option("--to", multiple=True, metavar="ADDRESS", help="Recipient, repeatable.  [default: as in the mail]")
@click.option("--really", is_flag=True, help="Send. Without this option the mail is only shown.")
@click.option("--rehearsal", is_flag=True, help="Send in a rehearsal; the subject is marked.")
@click.option("--paper", default="", metavar="KIND", help="Kind of the documents: weekly-report, duty-list, ...")
@click.option("--subject", default="", help="Subject in place of the usual one.")
@click.option("--again", default="", metavar="REASON", help="Send a version again to an address, for this reason.")
@click.option("--queued", is_flag=True, help="List the waiting mails; with --really send them again.")
@click.option("--list", "listed", is_flag=True, help="List all mails with the state of their delivery.")
@click.option("--arrived", default="", metavar="ID", help="Record that an uncertain delivery has arrived.")
@click.option("--lost", default="", metavar="ID", help="Record that an uncertain delivery was lost; it waits again.")
@click.option("--by", default="", help="Person who asked the recipient (with --arrived, --lost).")
@click.option("--note", default="", help="Answer of the recipient (with --arrived, --lost).")
@click.pass_obj
def command(
    app: App,
    *,
    files: tuple[Path, ...],
    to: tuple[str, ...],
    really: bool,
    rehearsal: bool,
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
    """Mail FILE... (a single .eml, or documents) over the server of event.yaml, and record the result.

    No version goes to the same address twice. Unsent mails wait in the queue.

    \b
    Exit codes:
      0  sent, or only shown
      4  waiting, refused or uncertain
      7  a rule forbids the delivery
    """
    chosen = [bool(files), queued, listed, bool(arrived), bool(lost)]
    if sum(chosen) != 1:
        raise UsageError(message("cli:send.one"))
    workspace = app.allowed_workspace if really else app.workspace
    event, titles = workspace.event, document_titles(workspace)
    request = MailRequest(to, paper, subject, titles, app.paper_lang)
    if files and not really:
        return _would(app, *build_mail(files, event, replace(app.clock, marked=app.clock.marked or rehearsal), request))
    clock = app.outgoing_clock(rehearsal=rehearsal) if really else app.clock
    with app.open_store() as store:
        record = DeliveryLog(store, clock)
        post = Mailer(app.workspace_path, event, record, clock)
        if listed or (queued and not really):
            found = record.deliveries()
            return _show(app, [d for d in found if d.of("waiting")] if queued else found, code=False)
        if arrived or lost:
            if not (by and note):
                raise UsageError(message("cli:send.who"))
            return _show(app, [record.settle(arrived or lost, arrived=bool(arrived), by=by, note=note)])
        if queued:
            return _show(app, list(post.send_queued()))
        mail, recipients = build_mail(files, event, clock, request)
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
    sender = mail.sender or (settings.sender if settings else app.text("cli:send.no_sender"))
    click.echo(app.text("cli:send.subject", subject=mail.subject))
    click.echo(app.text("cli:send.from", sender=sender))
    click.echo(app.text("cli:send.to", recipients=list(recipients)))
    for file in mail.enclosed:
        click.echo(app.text("cli:send.attached", name=file.name, size=file.size, sha256=file.sha256[:16]))
    click.echo(app.text("cli:send.size", size=len(mail.data) / 1e6))
    click.echo(app.text("cli:send.server", server=server or app.text("cli:send.no_server")))
    app.notify("cli:send.unsent")
    return Exit.OK


def _show(app: App, deliveries: Sequence[Delivery], *, code: bool = True) -> int:
    if app.output == "table":
        for delivery in deliveries:
            _print(app, delivery)
        if not deliveries:
            app.notify("cli:send.no_queue" if code else "cli:send.none")
    else:
        app.emit([delivery.to_dict() for delivery in deliveries])
    if not code or all(delivery.state == "sent" for delivery in deliveries):
        return Exit.OK
    if app.output == "table":
        for delivery in deliveries:
            _advise(app, delivery)
    return Exit.INCOMPLETE


def _print(app: App, delivery: Delivery) -> None:
    mark = app.text("cli:send.rehearsal") if delivery.rehearsal else ""
    state = app.text(f"cli:send_state.{delivery.state}")
    at = f"{delivery.at:%d/%m/%Y %H:%M}"
    click.echo(f"{delivery.id}  {state}  {at}{mark}  {delivery.subject}")
    for address, leg in delivery.legs.items():
        status = app.text(f"cli:send_recipient.{leg.fate}")
        click.echo(f"  {status:<10} {address}  {in_language(leg.why, app.lang)}".rstrip())
    click.echo(app.text("cli:send.id", id=delivery.message_id))


def _advise(app: App, delivery: Delivery) -> None:
    if delivery.of("waiting"):
        app.notify("cli:send.kept", id=delivery.id)
    if delivery.of("refused"):
        app.notify("cli:send.refused", id=delivery.id, addresses=delivery.of("refused"))
    if delivery.of("uncertain"):
        app.notify("cli:send.again", id=delivery.id)
