"""Files of a paper, and their mail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import starmap
from pathlib import Path

from eventready.core.errors import UsageError
from eventready.core.messages import Lang, message
from eventready.delivery.mail.eml import Attachment, Mailbox
from eventready.delivery.mail.letter import PaperReference
from eventready.papers.document.formats import render
from eventready.papers.document.model import Document
from eventready.papers.document.registry import KINDS
from eventready.papers.files import write_bytes
from eventready.papers.material.material import Material
from eventready.papers.words import Form
from eventready.submission.paper_mail import draft_paper

#: Forms attached to a mail.
ATTACHED: tuple[Form, ...] = ("docx", "pdf", "xlsx")


@dataclass(frozen=True)
class PaperOptions:
    """Language, forms, folder (None: the workspace's `reports`), a mail too, the mark of a rehearsal, `check` only."""

    lang: Lang = "vi"
    forms: tuple[Form, ...] = ATTACHED
    out: Path | None = None
    eml: bool = False
    rehearsal: bool = False
    check: bool = False


@dataclass(frozen=True)
class WrittenFile:
    """A file of a paper; `form` is a form, or `eml`."""

    form: str
    path: Path


def write_paper(document: Document, material: Material, wanted: PaperOptions, folder: Path) -> tuple[WrittenFile, ...]:
    """Write the paper's files, the mail last; all are rendered before the first is written. Raises UsageError."""
    if folder.suffix and not folder.is_dir():
        raise UsageError(message("delivery:papers.file", folder=str(folder)))
    made: dict[str, bytes] = {form: render(document, form) for form in wanted.forms}
    if wanted.eml:
        attached = [Attachment(f"{document.stem}.{form}", made[form]) for form in ATTACHED if form in made]
        made["eml"] = _mail(document, material, attached, wanted.lang)
    written = tuple(WrittenFile(form, folder / f"{document.stem}.{form}") for form in made)
    for file in written:
        write_bytes(file.path, made[file.form])
    return written


def _mail(document: Document, material: Material, attached: Sequence[Attachment], lang: Lang) -> bytes:
    if not attached:
        raise UsageError(message("delivery:papers.no_attachment", forms=ATTACHED))
    about, recipient = document.mail, material.event.recipient
    return draft_paper(
        material.event,
        PaperReference(KINDS[document.kind].document, about.due, about.version, material.checkpoint),
        attached,
        moment=material.moment,
        detail=about.detail,
        lang=lang,
        rehearsal=material.rehearsal,
        recipients=(Mailbox(recipient.email, recipient.title.render(lang)), *starmap(Mailbox, about.copies)),
    )
