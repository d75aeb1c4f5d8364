"""A mail for a paper of this workspace: what `--eml` on the report commands writes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Literal

from eventready.delivery.draft import Attachment, Mailbox, Paper, draft, file_name
from eventready.delivery.letter import letter
from eventready.workspace.event import Event


def draft_paper(
    event: Event,
    kind: str,
    attachments: Sequence[Attachment],
    *,
    moment: datetime,
    due: date | None = None,
    version: str = "",
    detail: str = "",
    lang: Literal["vi", "en"] = "vi",
    recipients: Sequence[Mailbox] = (),
    subject: str = "",
) -> bytes:
    """The .eml that carries a paper to the event's recipient, or to `recipients`. Raises UsageError.

    `kind` is a document of duties.yaml (`weekly-report`, `duty-list`, `incident-report`, `assurance-plan`, ...),
    `due` the Monday of a weekly report, `moment` the event's time; `subject` replaces the usual one.
    """
    written = letter(
        event,
        kind,
        [file_name(attachment.name) for attachment in attachments],
        due=due,
        version=version,
        detail=detail,
        lang=lang,
    )
    named = (event.recipient.name_vi if lang == "vi" else event.recipient.name) or event.recipient.name
    return draft(
        replace(written, subject=subject) if subject else written,
        sender=sender_of(event),
        recipients=recipients or (Mailbox(event.recipient.email, named),),
        attachments=attachments,
        moment=moment,
        paper=Paper(kind, due, version),
    )


def sender_of(event: Event) -> Mailbox | None:
    """From whom the event's papers go; None where event.yaml names nobody."""
    return Mailbox(event.mail.sender, event.mail.sender_name or event.enterprise) if event.mail else None
