"""Handing a paper over: its files, written whole, and the mail that carries them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from eventready.delivery.draft import Attachment
from eventready.delivery.papers import draft_paper
from eventready.errors import UsageError
from eventready.report.document.formats import Form, render
from eventready.report.document.model import Document
from eventready.report.files import write_bytes
from eventready.report.material import Material
from eventready.report.words import Lang

#: What duties.yaml calls each paper.
DUTY_PAPERS: Mapping[str, str] = {
    "weekly": "weekly-report",
    "roster": "duty-list",
    "incident": "incident-report",
    "final": "final-report",
    "plan": "assurance-plan",
}

#: What goes along with a mail; the other forms are for people and programs here.
ATTACHED: tuple[Form, ...] = ("docx", "pdf", "xlsx")


@dataclass(frozen=True)
class Wanted:
    """In which language and forms, where to (None: the workspace's `reports`), and whether with a mail."""

    lang: Lang = "vi"
    forms: tuple[Form, ...] = ATTACHED
    out: Path | None = None
    eml: bool = False


@dataclass(frozen=True)
class Written:
    """A file of a paper; `form` is a form, or `eml`."""

    form: str
    path: Path


def hand_over(
    document: Document, material: Material, wanted: Wanted, folder: Path, *, detail: str = ""
) -> tuple[Written, ...]:
    """Write the paper's files, the mail last. Everything is made before the first is written. Raises UsageError.

    `detail` is what else names the paper in the mail's subject (an incident's place).
    """
    if folder.suffix and not folder.is_dir():
        raise UsageError(f"{folder} is a file, and a paper is several", do="Name a folder with --out.")
    made: dict[str, bytes] = {form: render(document, form) for form in wanted.forms}
    if wanted.eml:
        attached = [Attachment(f"{document.stem}.{form}", made[form]) for form in ATTACHED if form in made]
        made["eml"] = _mail(document, material, attached, wanted.lang, detail)
    written = tuple(Written(form, folder / f"{document.stem}.{form}") for form in made)
    for file in written:
        write_bytes(file.path, made[file.form])
    return written


def _mail(document: Document, material: Material, attached: Sequence[Attachment], lang: Lang, detail: str) -> bytes:
    if not attached:
        raise UsageError("the mail would carry nothing", do=f"Name one of {', '.join(ATTACHED)} with --format.")
    version = material.duty_list.version if document.kind == "roster" and material.duty_list else ""
    return draft_paper(
        material.event,
        DUTY_PAPERS[document.kind],
        attached,
        moment=material.moment,
        due=material.week.due if document.kind == "weekly" else None,
        version=version,
        detail=detail,
        lang=lang,
    )
