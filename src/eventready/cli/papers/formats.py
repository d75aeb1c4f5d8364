"""eventready report KIND: the papers for the recipient of event.yaml, a command for each kind of the registry."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from datetime import date
from pathlib import Path
from typing import Any

import click

from eventready.cli.context import App
from eventready.core.errors import Exit, UsageError
from eventready.core.messages import Lang, message, term, text
from eventready.core.strings.texts import short
from eventready.core.this_process import ONCE, relaxed_gc
from eventready.papers.document.formats import render
from eventready.papers.document.model import Document
from eventready.papers.document.profile import check_profile, load_profile
from eventready.papers.document.registry import PAPERS, PaperKind
from eventready.papers.document.sources import sources
from eventready.papers.material.gather import PaperRequest, gather
from eventready.papers.material.material import Material, Week
from eventready.papers.words import TEXTS, Form
from eventready.store.store import Store
from eventready.submission.jobs import PaperOptions, write_paper

#: Letters of a part in the list of sources.
_PART = 100


def to_stdout(out: Path | None, forms: Sequence[Form]) -> bool:
    """Return True for the path `-`. Raises UsageError for several forms then, or for a form other than text."""
    if str(out) != "-":
        return False
    if len(forms) > 1 or forms[0] not in TEXTS:
        raise UsageError(message("cli:papers.stdout"))
    return True


def _paper(
    app: App, kind: PaperKind, wanted: PaperOptions, *, run: str = "", week: date | None = None, **values: Any
) -> Exit:
    """Write every file of a paper, print its only form, or check its sources."""
    material = _material(app, kind, wanted, run, week)
    profile = load_profile(app.workspace_path, wanted.lang, material.event.country)
    document = kind.write(material, profile, wanted.lang, **values)
    for notice in document.notices:
        app.say(app.hint(notice))
    if wanted.check:
        return _check(app, document)
    if to_stdout(wanted.out, wanted.forms):
        if wanted.eml:
            raise UsageError(message("cli:papers.stdout"))
        click.echo(render(document, wanted.forms[0]).decode(), nl=False)
        return Exit.OK
    written = write_paper(document, material, wanted, wanted.out or app.workspace_path / "reports")
    app.show(
        [{"paper": kind.name, "format": file.form, "file": str(file.path)} for file in written],
        (str(file.path) for file in written),
    )
    return Exit.OK


def _material(app: App, kind: PaperKind, wanted: PaperOptions, run: str, week: date | None) -> Material:
    clock, workspace = app.paper_clock(rehearsal=wanted.rehearsal), app.workspace
    moment = clock.now()
    reported = Week.at(week or moment, workspace.event.report_weekday)
    request = PaperRequest(kind, moment, reported, wanted.lang, clock.rehearsal, run)
    known = Store.exists(app.workspace_path)
    with Store.of_workspace(app.workspace_path) if known else nullcontext() as store:
        material, notices = gather(workspace, store, request, clock)
    for notice in notices:
        app.say(notice)
    return material


def _check(app: App, document: Document) -> Exit:
    """Print the source of every part of a paper."""
    found = list(sources(document))
    app.show(
        [{"source": source, "text": part} for source, part in found],
        (f"{_named(source, app.lang)}: {short(part, _PART)}" for source, part in found),
    )
    return Exit.OK if all(source for source, _ in found) else Exit.FINDINGS


def _named(source: str, lang: Lang) -> str:
    """Sources in words, or the words for none."""
    return ", ".join(term("cli:source", one, lang) for one in source.split(", ")) or text("cli:papers.no_source", lang)


@relaxed_gc(ONCE)
def write(
    app: App,
    *,
    kind: str,
    forms: tuple[Form, ...],
    out: Path | None,
    eml: bool,
    rehearsal: bool,
    check: bool,
    **values: Any,
) -> Exit:
    """Write a paper of a kind of the registry."""
    wanted = PaperOptions(app.paper_lang, forms, out, eml, rehearsal, check)
    return _paper(app, PAPERS[kind], wanted, **values)


def check_template(app: App, *, file: Path) -> None:
    """Check a profile (templates/reports/vi.yaml): keys, sentences and variables."""
    of: Lang = app.chosen_lang or ("en" if file.stem.endswith("en") else "vi")
    check_profile(file, of, app.country)
    app.show({"file": str(file), "lang": of, "holds": True}, message("cli:papers.known", file=str(file)))
