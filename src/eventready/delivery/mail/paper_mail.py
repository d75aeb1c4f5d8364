"""Drafts of mails with papers of a workspace, as `--eml` of the report commands writes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from eventready.core.errors import UsageError
from eventready.core.messages import Bilingual, Lang, message
from eventready.delivery.mail.eml import Attachment, Mailbox, draft, file_name
from eventready.delivery.mail.letter import PaperReference, letter, marked_subject
from eventready.workspace.settings.event import Event


def draft_paper(
    event: Event,
    paper: PaperReference,
    attachments: Sequence[Attachment],
    *,
    moment: datetime,
    detail: str = "",
    lang: Lang = "vi",
    recipients: Sequence[Mailbox] = (),
    subject: str = "",
    titles: Mapping[str, Bilingual] | None = None,
    rehearsal: bool = False,
) -> bytes:
    """The .eml with a paper to the event's recipient, or to `recipients`. Raises UsageError.

    `moment` is the event's time; `subject` replaces the usual one.
    """
    names = [file_name(attachment.name) for attachment in attachments]
    written = letter(event, paper, names, detail=detail, lang=lang, titles=titles, rehearsal=rehearsal)
    if subject:
        written = replace(written, subject=marked_subject(subject, lang) if rehearsal else subject)
    return draft(
        written,
        sender=sender_of(event),
        recipients=recipients or (Mailbox(event.recipient.email, event.recipient.title.render(lang)),),
        attachments=attachments,
        moment=moment,
        paper=paper,
    )


def required_sender(event: Event) -> Mailbox:
    """Sender of the event's mails. Raises UsageError without `mail` in event.yaml."""
    sender = sender_of(event)
    if sender is None:
        raise UsageError(message("delivery:mail.no_sender"))
    return sender


def sender_of(event: Event) -> Mailbox | None:
    """Sender of the event's papers; None without `mail` in event.yaml."""
    return Mailbox(event.mail.sender, event.mail.sender_name or event.enterprise) if event.mail else None
