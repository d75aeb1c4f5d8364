"""Drafts of mails with papers, in the form of an official letter, as `--eml` of the report commands writes them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from eventready.clauses.attestations.forms import document_name
from eventready.core.messages import Bilingual, Lang, text
from eventready.delivery.mail.eml import Attachment, Mailbox, draft, file_name
from eventready.delivery.mail.letter import Letter, PaperReference, marked_subject
from eventready.delivery.mail.mail_server import sender_of
from eventready.workspace.settings.event import Event
from eventready.workspace.settings.mail import MailSettings

#: Left for the office to fill in where event.yaml has no name.
BLANK = "………………"

_PARENTHESES = re.compile(r"\s*\([^()]*\)")


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


def letter(
    event: Event,
    paper: PaperReference,
    files: Sequence[str],
    *,
    detail: str = "",
    lang: Lang = "vi",
    titles: Mapping[str, Bilingual] | None = None,
    rehearsal: bool = False,
) -> Letter:
    """The mail of a paper with the attached `files`.

    `detail` is a further name of the paper (an incident's place), `titles` the workspace's names of documents.
    """
    named = text("delivery:letter_documents", lang)
    if paper.kind:
        named = document_name(paper.kind, titles or {}).render(lang)
    title = " ".join(filter(None, (named[:1].upper() + named[1:], _detail(paper, detail, lang))))
    short = f"[{event.abbreviation}] " if event.abbreviation else ""
    subject = f"{short}{title} - {_topic(event, lang)}"
    body = _body(event, title, files, lang, rehearsal=rehearsal)
    return Letter(marked_subject(subject, lang) if rehearsal else subject, body, rehearsal)


def _detail(paper: PaperReference, detail: str, lang: Lang) -> str:
    if paper.due is not None:
        first, last = paper.due - timedelta(days=7), paper.due - timedelta(days=1)
        return f"({first:%d/%m}–{last:%d/%m/%Y})"
    if paper.version:
        return text("delivery:letter_version", lang, version=paper.version)
    return f"({detail})" if detail else ""


def _topic(event: Event, lang: Lang) -> str:
    """Return the Vietnamese topic of event.yaml; otherwise a topic with the name of the event."""
    if lang == "vi" and event.topic:
        return event.topic
    return text("delivery:letter_topic", lang, event=_name(event, lang))


def _name(event: Event, lang: Lang) -> str:
    """The name of the event without parenthesised parts."""
    return _PARENTHESES.sub("", event.title.render(lang))


def _body(event: Event, title: str, files: Sequence[str], lang: Lang, *, rehearsal: bool) -> str:
    office = event.recipient.title.render(lang)
    enterprise = event.enterprise or BLANK
    listed = "\n".join(f"{number}. {file}" for number, file in enumerate(files, 1))
    small = title[:1].lower() + title[1:]
    paragraphs = (
        text("delivery:letter_rehearsal", lang) if rehearsal else "",
        text("delivery:letter_to", lang, recipient=office),
        text(
            "delivery:letter_opening",
            lang,
            recipient=office,
            event=_name(event, lang),
            enterprise=enterprise,
            title=small,
        ),
        f"{text('delivery:letter_attached', lang)}\n{listed}" if files else "",
        text("delivery:letter_contact", lang, contact=_contact(event.mail, lang)),
        text("delivery:letter_receipt", lang),
        text("delivery:letter_regards", lang),
        enterprise,
    )
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph) + "\n"


def _contact(mail: MailSettings | None, lang: Lang) -> str:
    contact = mail.contact if mail else None
    phone = text("delivery:letter_phone", lang, number=(contact.phone if contact else "") or BLANK)
    if contact is None:
        return f"{BLANK}, {phone}"
    return ", ".join(part for part in (contact.name, contact.title, phone) if part)
