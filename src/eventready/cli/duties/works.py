"""`eventready works`: planned works of providers, imported, listed and accepted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import tzinfo
from pathlib import Path
from typing import Any

from eventready.cli.console import Cell, Listing, styled
from eventready.cli.context import App, Shown
from eventready.core.errors import Exit, UsageError, WorkspaceError
from eventready.core.messages import Message, message, term, text
from eventready.core.strings.texts import at, few, required, tidy
from eventready.works.notice_files import NoticeFiles
from eventready.works.register import ImportedWork, WorkRegister, named
from eventready.workspace.settings.works import LONGEST_SUMMARY, AcceptedWork, Work
from eventready.workspace.workspace import Workspace

_COLUMNS = ("work", "from", "to", "status", "impact", "objects", "summary")
#: Objects in a cell of the table.
_NAMED = 4


def import_notices(app: App, *, file: Path, zone: tzinfo | None, provider: str, dry_run: bool) -> Exit:
    """Import the notices of FILE into inventory/works."""
    read = NoticeFiles(app.clock.now(), zone, tidy(provider, "--provider")).read(file)
    register = _register(app.workspace)
    entered = register.add(read.works, write=not dry_run)
    works = [{"effect": one.effect, **as_json(one.kept)} for one in entered]
    app.show(
        {"works": works, "refused": [str(problem) for problem in read.problems]},
        (sentence for one in entered for sentence in _effects(one)), _unmapped(app.workspace, register.works),
    )  # fmt: skip
    for problem in read.problems:
        app.say(problem.render(app.lang))
    if read.problems and not entered:
        raise WorkspaceError(message("works:none_read", count=len(read.problems)))
    return Exit.USAGE if read.problems else Exit.OK


def _effects(one: ImportedWork) -> Iterator[Message]:
    """Sentences about an imported work, and about an acceptance ended by the import."""
    yield message(
        f"works:effect.{one.effect}", name=one.work.name, file=Path(one.kept.origin).name, sequence=one.work.sequence,
        kept=one.kept.sequence, start=at(one.kept.start), end=at(one.kept.end),
    )  # fmt: skip
    if one.ends_word:
        yield message("works:ends_word", name=one.work.name)


def list_works(app: App, *, everything: bool) -> None:
    """List the works from now on."""
    now = app.clock.now()
    works = [work for work in app.workspace.works if everything or (work.end > now and not work.over)]
    rows = (_row(app, work) for work in works)
    app.show(
        [as_json(work) for work in works],
        Listing("works:column", _COLUMNS, rows, "works:none"), _unmapped(app.workspace, works),
    )  # fmt: skip


def explain(app: App, *, work: str) -> None:
    """Show WORK with its objects, their elements and its windows."""
    found = named(app.workspace.works, work)
    app.show(as_json(found, app.workspace), _lines(app, found))


def accept(app: App, *, work: str, by: str, note: str, withdraw: bool) -> None:
    """Accept WORK as planned, or withdraw the acceptance."""
    found = named(app.workspace.works, work)
    if found.over and not withdraw:
        raise UsageError(message("works:over", name=found.name, status=found.status))
    word = None if withdraw else _word(app, found, by, note)
    accepted = found.model_copy(update={"accepted": word}).at(found.origin)
    _register(app.workspace).write(accepted)
    sentence = message("works:withdrawn" if withdraw else "works:accepted", name=found.name, by=by)
    app.show(as_json(accepted), sentence)


def _word(app: App, work: Work, by: str, note: str) -> AcceptedWork:
    given = {"by": required(by, "by", "the person"), "at": app.clock.now().isoformat(timespec="seconds")}
    given["scope"] = work.scope(app.workspace.circuits)
    return AcceptedWork.model_validate({**given, "note": tidy(note, "--note")[:LONGEST_SUMMARY]})


def _register(workspace: Workspace) -> WorkRegister:
    return WorkRegister(workspace.path / "inventory" / "works", workspace.works)


def as_json(work: Work, workspace: Workspace | None = None) -> dict[str, Any]:
    """Plain JSON types of a work; with the elements of its objects in a workspace."""
    found: dict[str, Any] = {"name": work.name, **work.model_dump(mode="json", by_alias=True)}
    found["file"] = Path(work.origin).name
    if workspace:
        elements = [list(workspace.circuits.members(work.provider, one.id)) for one in work.objects]
        found["objects"] = [{**one, "members": own} for one, own in zip(found["objects"], elements, strict=True)]
        found["windows"] = [window.title.render("en") for window in workspace.event.windows if work.meets(window)]
    return found


def _row(app: App, work: Work) -> Sequence[Cell]:
    status = term("works:status", work.status, app.lang)
    mark = text("works:mark.accepted", app.lang) if work.accepted_by(app.workspace.circuits) else ""
    return (
        work.name, at(work.start), at(work.end),
        styled(f"{status}{mark}", "" if work.status == "confirmed" else "yellow"),
        term("works:impact", work.impact, app.lang),
        ", ".join(few([one.id for one in work.objects] or list(work.members), _NAMED)), work.summary,
    )  # fmt: skip


def _unmapped(workspace: Workspace, works: Iterable[Work]) -> Iterator[Message]:
    """Sentence for each work with unmapped objects."""
    for work in works:
        missing = [one.id for one in work.objects if not workspace.circuits.members(work.provider, one.id)]
        if missing and not work.over:
            yield message("works:unmapped", name=work.name, objects=few(missing, 20))


def _lines(app: App, work: Work) -> Iterator[Shown]:
    yield message(
        "works:line.head", name=work.name, start=at(work.start), end=at(work.end), status=work.status,
        impact=work.impact, sequence=work.sequence,
    )  # fmt: skip
    if work.summary:
        yield f"  {work.summary}"
    for one in work.objects:
        members = list(app.workspace.circuits.members(work.provider, one.id))
        name = "works:line.object" if members else "works:line.unmapped"
        yield message(name, object=one.id, impact=work.impact_on(one), members=members)
    for member in work.members:
        yield message("works:line.member", member=member, impact=work.impact)
    for window in app.workspace.event.windows:
        if work.meets(window):
            yield message("works:line.window", window=window.title, start=at(window.start), end=at(window.end))
    if work.accepted:
        name = "works:line.accepted" if work.accepted_by(app.workspace.circuits) else "works:line.accepted_other"
        yield message(name, by=work.accepted.by, at=at(work.accepted.at), note=work.accepted.note)
    if work.source:
        yield message("works:line.source", source=work.source)
