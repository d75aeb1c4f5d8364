"""`eventready report send`: mail a draft or documents on demand, and record each delivery."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from eventready.clauses.attestations.forms import document_titles
from eventready.cli.context import App
from eventready.core.errors import Exit, UsageError
from eventready.core.messages import Message, in_language, message
from eventready.delivery.mail.delivery_log import Delivery, DeliveryLog
from eventready.delivery.mail.mail import Mail
from eventready.submission.mailer import Mailer, MailRequest, build_mail


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
    """Mail FILE... (a single .eml, or documents) over the server of event.yaml, and record the result."""
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
    sender = mail.sender or (settings.sender if settings else "")
    plain = {
        "sent": False,
        "subject": mail.subject,
        "sender": sender,
        "recipients": list(recipients),
        "server": server,
        "size": len(mail.data),
        "fingerprint": mail.fingerprint,
        "files": [{"name": f.name, "sha256": f.sha256, "size": f.size} for f in mail.enclosed],
    }
    lines = [
        message("cli:send.subject", subject=mail.subject),
        message("cli:send.from", sender=sender or ("" if settings else message("cli:send.no_sender"))),
        message("cli:send.to", recipients=list(recipients)),
        *(message("cli:send.attached", name=f.name, size=f.size, sha256=f.sha256[:16]) for f in mail.enclosed),
        message("cli:send.size", size=len(mail.data) / 1e6),
        message("cli:send.server", server=server or message("cli:send.no_server")),
    ]
    app.show(plain, lines, closing=[message("cli:send.unsent")])
    return Exit.OK


def _show(app: App, deliveries: Sequence[Delivery], *, code: bool = True) -> int:
    waits = code and any(delivery.state != "sent" for delivery in deliveries)
    none = message("cli:send.no_queue" if code else "cli:send.none")
    advice = (sentence for delivery in deliveries for sentence in _advice(delivery)) if waits else ()
    app.show(
        [delivery.to_dict() for delivery in deliveries],
        (_lines(app, delivery) for delivery in deliveries),
        closing=advice if deliveries else [none],
    )
    return Exit.INCOMPLETE if waits else Exit.OK


def _lines(app: App, delivery: Delivery) -> Iterator[str]:
    mark = app.text("cli:send.rehearsal") if delivery.rehearsal else ""
    state = app.text(f"cli:send_state.{delivery.state}")
    at = f"{delivery.at:%d/%m/%Y %H:%M}"
    yield f"{delivery.id}  {state}  {at}{mark}  {delivery.subject}"
    for address, leg in delivery.legs.items():
        status = app.text(f"cli:send_recipient.{leg.fate}")
        yield f"  {status:<10} {address}  {in_language(leg.why, app.lang)}".rstrip()
    yield app.text("cli:send.id", id=delivery.message_id)


def _advice(delivery: Delivery) -> Iterator[Message]:
    if delivery.of("waiting"):
        yield message("cli:send.kept", id=delivery.id)
    if delivery.of("refused"):
        yield message("cli:send.refused", id=delivery.id, addresses=delivery.of("refused"))
    if delivery.of("uncertain"):
        yield message("cli:send.again", id=delivery.id)
