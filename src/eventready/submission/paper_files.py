"""Files of a paper, and their mail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from eventready.core.errors import UsageError
from eventready.core.messages import Lang, message
from eventready.delivery.mail.eml import Attachment, Mailbox
from eventready.delivery.mail.letter import PaperReference
from eventready.incidents.incident import Incident, police_near
from eventready.papers.document.formats import render
from eventready.papers.document.model import Document
from eventready.papers.files import write_bytes
from eventready.papers.material.material import Material
from eventready.papers.words import Form
from eventready.submission.paper_mail import draft_paper

#: The document name of each paper in duties.yaml.
DUTY_PAPERS: Mapping[str, str] = {
    "weekly": "weekly-report",
    "roster": "duty-list",
    "incident": "incident-report",
    "final": "final-report",
    "plan": "assurance-plan",
    "drill": "drill-minutes",
}

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


def write_paper(
    document: Document, material: Material, wanted: PaperOptions, folder: Path, incident: Incident | None = None
) -> tuple[WrittenFile, ...]:
    """Write the paper's files, the mail last; all are rendered before the first is written. Raises UsageError.

    The mail of an `incident` goes to the recipient of event.yaml and to the police of its venue.
    """
    if folder.suffix and not folder.is_dir():
        raise UsageError(message("delivery:papers.file", folder=str(folder)))
    made: dict[str, bytes] = {form: render(document, form) for form in wanted.forms}
    if wanted.eml:
        attached = [Attachment(f"{document.stem}.{form}", made[form]) for form in ATTACHED if form in made]
        made["eml"] = _mail(document, material, attached, wanted.lang, incident)
    written = tuple(WrittenFile(form, folder / f"{document.stem}.{form}") for form in made)
    for file in written:
        write_bytes(file.path, made[file.form])
    return written


def _mail(
    document: Document, material: Material, attached: Sequence[Attachment], lang: Lang, incident: Incident | None
) -> bytes:
    if not attached:
        raise UsageError(message("delivery:papers.no_attachment", forms=ATTACHED))
    version = material.duty_list.version if document.kind == "roster" and material.duty_list else ""
    due = material.week.due if document.kind == "weekly" else None
    return draft_paper(
        material.event,
        PaperReference(DUTY_PAPERS[document.kind], due, version, material.checkpoint),
        attached,
        moment=material.moment,
        detail=incident.place if incident else "",
        lang=lang,
        rehearsal=material.rehearsal,
        recipients=_recipients(material, lang, incident),
    )


def _recipients(material: Material, lang: Lang, incident: Incident | None) -> tuple[Mailbox, ...]:
    recipient = material.event.recipient
    office = Mailbox(recipient.email, recipient.title.render(lang))
    police = police_near(incident.venue, material.event) if incident else None
    return (office, Mailbox(police.email, police.title.render(lang))) if police and police.email else (office,)
