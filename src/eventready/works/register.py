"""Works of a workspace: a later notice takes the place of an earlier notice of its work."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml

from eventready.core.errors import UsageError, WorkspaceError
from eventready.core.files import write_atomic
from eventready.core.messages import message
from eventready.core.timezone import local_time
from eventready.workspace.settings.works import MOST_WORKS, Work

#: What an import did to a work.
Effect = Literal["new", "changed", "contradicts", "ended", "unchanged", "older"]


@dataclass(frozen=True)
class ImportedWork:
    """Read work, its effect, and the work now kept. `ends_word`: an acceptance of other times ended."""

    effect: Effect
    work: Work
    kept: Work
    ends_word: bool = False


class WorkRegister:
    """Works of a workspace, in `inventory/works`."""

    def __init__(self, folder: Path, works: Iterable[Work]) -> None:
        self._folder = folder
        self.works = list(works)

    def add(self, works: Iterable[Work], *, write: bool = True) -> list[ImportedWork]:
        """Enter works, the earliest notice first. Raises WorkspaceError with too many works, before any is written."""
        given = sorted(works, key=lambda work: work.version)
        before = list(self.works)
        found = [self._enter(work) for work in given]
        if len(self.works) > MOST_WORKS:
            self.works = before
            raise WorkspaceError(message("works:too_many_files", count=len(self.works), most=MOST_WORKS))
        for work in self.works if write else ():
            if work not in before:
                self.write(work)
        return found

    def _enter(self, work: Work) -> ImportedWork:
        known = next((one for one in self.works if one.same_as(work)), None)
        if known is None:
            placed = work.at(str(self._new_file(work)))
            self.works.append(placed)
            return ImportedWork("new", work, placed)
        if work.older_than(known):
            return ImportedWork("older", work, known)
        later = _replaced(known, work)
        self.works[self.works.index(known)] = later
        if _content(later) == _content(known):
            return ImportedWork("unchanged", work, later)
        effect: Effect = "ended" if later.over and not known.over else "changed"
        if effect == "changed" and work.stamp and work.version == known.version:
            effect = "contradicts"
        return ImportedWork(effect, work, later, bool(known.accepted and not later.accepted))

    def _new_file(self, work: Work) -> Path:
        """A free file; two names may be spelled alike."""
        taken = {Path(one.origin).name.casefold() for one in self.works}
        stem = "-".join(filter(None, (_slug(work.provider), _slug(work.id)))) or "work"
        names = (f"{stem}.yaml", *(f"{stem}-{number}.yaml" for number in range(2, MOST_WORKS + 3)))
        return self._folder / next(name for name in names if name not in taken)

    def write(self, work: Work) -> None:
        """Write the whole file of a work or leave the old file. Raises UsageError."""
        self._folder.mkdir(parents=True, exist_ok=True)
        write_atomic(Path(work.origin), as_yaml(work).encode(), what="the work", do=message("works:unwritten"))


def _replaced(known: Work, work: Work) -> Work:
    """Later notice with the additions of people; an acceptance holds for the same times and effects alone."""
    kept: dict[str, Any] = {
        "members": work.members or known.members, "sequence": max(work.sequence, known.sequence),
        "stamp": work.stamp or known.stamp,
    }  # fmt: skip
    if work.over and not work.objects:
        kept["objects"] = known.objects
    later = work.model_copy(update=kept).at(known.origin)
    same = _effect(later) == _effect(known) and not later.over
    return later.model_copy(update={"accepted": known.accepted if same else None}).at(known.origin)


def _effect(work: Work) -> tuple[object, ...]:
    objects = {(one.id, work.impact_on(one)) for one in work.objects}
    return work.start, work.end, work.impact, frozenset(objects), work.members


def _content(work: Work) -> dict[str, Any]:
    """Values of a notice without its file and the time of its import."""
    return work.model_dump(exclude={"source", "stamp"})


def _slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.casefold()).encode("ascii", "ignore").decode()
    return "-".join(re.findall(r"[a-z0-9]+", plain))[:40].strip("-")


def as_yaml(work: Work) -> str:
    """File of a work, without defaults, with times in the zone of the event."""
    plain = work.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    for name in ("from", "to", "stamp"):
        value = getattr(work, {"from": "start", "to": "end"}.get(name, name))
        if value is not None:
            plain[name] = local_time(value).isoformat(sep=" ")
    if work.accepted:
        plain["accepted"]["at"] = local_time(work.accepted.at).isoformat(sep=" ", timespec="seconds")
    plain["objects"] = [one["id"] if list(one) == ["id"] else one for one in plain.get("objects", ())]
    return yaml.safe_dump(
        {name: value for name, value in plain.items() if value not in ([], "")},
        allow_unicode=True, sort_keys=False, width=118,
    )  # fmt: skip


def named(works: Sequence[Work], name: str) -> Work:
    """Work by id, `provider/id`, or name of its file. Raises UsageError for none and for several."""
    wanted = name.casefold()
    found = [work for work in works if wanted in {work.id.casefold(), work.name.casefold(), Path(work.origin).stem}]
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(message("works:ambiguous", name=name, names=[Path(one.origin).stem for one in found]))
    raise UsageError(message("works:unknown", name=name, names=[one.name for one in works][:10]))
