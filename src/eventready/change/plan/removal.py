"""Removal of the lines of an applied plan from today's configuration; lines changed by others stay."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from eventready.change.document import PlannedDevice
from eventready.change.forms.configuration import Fragment
from eventready.change.forms.form import ConfigurationForm, printable
from eventready.change.forms.tree import Path, Tree, copy_tree, subtree, walk
from eventready.change.safety.objects import defined_by, names_in
from eventready.core.errors import EventreadyError, RefusedError
from eventready.core.messages import Message, message
from eventready.core.redaction.redaction import redact


@dataclass(frozen=True)
class Edit:
    """Edit of a level of a configuration: the line `gone` leaves, and `line` with the lines beneath returns."""

    path: Path
    gone: str = ""
    line: str = ""
    beneath: Tree | None = None

    @property
    def shown(self) -> str:
        """Return the line of the plan, or the line removed by the plan."""
        return self.gone or self.line


@dataclass(frozen=True)
class Kept:
    """Staying line of a removal, and the reason."""

    line: str
    reason: str | Message

    @property
    def risk(self) -> Message:
        """Return the sentence of a plan."""
        return message("change:risk.kept", line=redact(printable(self.line)), reason=self.reason)


@dataclass(frozen=True)
class Removal:
    """Lines of a plan on a device: its configurations before and after the change, and its part of the plan."""

    old: Tree
    new: Tree
    planned: PlannedDevice

    def count(self, form: ConfigurationForm, now: Tree) -> tuple[int, int]:
        """Return the number of the plan's differences in today's configuration: as set, and as changed by others."""
        found = list(_differences(form, (), self.old, self.new, now))
        present = sum(isinstance(one, Edit) for one in found)
        return present, len(found) - present

    def fragment(self, form: ConfigurationForm, now: Tree) -> tuple[Fragment, tuple[Kept, ...]]:
        """Return the fragment for the removal from today's configuration, and the staying lines."""
        found = list(_differences(form, (), self.old, self.new, now))
        kept = [one for one in found if isinstance(one, Kept)]
        edits = [one for one in found if isinstance(one, Edit)]
        while stays := _staying(form, now, edits):
            kept += (Kept(edits[place].shown, reason) for place, reason in stays.items())
            edits = [edit for place, edit in enumerate(edits) if place not in stays]
        origin = message("change:origin.removal", device=self.planned.name)
        fragment, refused = _fragment(form, now, edits, origin)
        return fragment, (*kept, *refused)


def _differences(form: ConfigurationForm, path: Path, old: Tree, new: Tree, now: Tree) -> Iterator[Edit | Kept]:
    """Yield the edits from the lines of a level after the change to those before, where today's are those after."""
    replaced = {line: form.other_value((*path, line), old) for line in new if line not in old}
    for line, beneath in new.items():
        before = replaced.get(line)
        if line in old and form.equivalent(old[line], beneath):
            continue
        if line in old:
            if line in now:
                yield from _differences(form, (*path, line), old[line], beneath, now[line])
            elif any(True for _one in _differences(form, (*path, line), old[line], beneath, {})):
                yield Kept(line, message("change:removal.gone"))
        elif before is not None and before not in new:
            yield from _replaced(form, path, (before, old[before]), (line, beneath), now)
        else:
            yield from _added(form, path, line, beneath, now)
    values = set(replaced.values())
    for line, beneath in old.items():
        if line in new or line in values or line in now or form.other_value((*path, line), new) in new:
            continue
        today = form.other_value((*path, line), now)
        yield Kept(line, _set_by_others(today)) if today is not None else Edit(path, "", line, copy_tree(beneath))


def _replaced(
    form: ConfigurationForm, path: Path, before: tuple[str, Tree], after: tuple[str, Tree], now: Tree
) -> Iterator[Edit | Kept]:
    """Yield the edit from a value of the plan to the value before."""
    (old, beneath), (new, within) = before, after
    if new in now and form.equivalent(now[new], within):
        yield Edit(path, new, old, copy_tree(beneath))
    elif new in now:
        yield Kept(new, message("change:removal.mixed"))
    elif old not in now:
        today = form.other_value((*path, new), now)
        yield Kept(new, message("change:removal.gone") if today is None else _set_by_others(today))


def _added(form: ConfigurationForm, path: Path, line: str, beneath: Tree, now: Tree) -> Iterator[Edit | Kept]:
    """Yield the edits for the removal of a line of the plan; the lines of others in a section stay."""
    if line not in now:
        today = form.other_value((*path, line), now)
        if today is not None:
            yield Kept(line, _set_by_others(today))
    elif form.equivalent(now[line], beneath):
        yield Edit(path, line)
    else:
        yield Kept(line, message("change:removal.mixed"))
        yield from _differences(form, (*path, line), {}, beneath, now[line])


def _set_by_others(today: str) -> Message:
    return message("change:removal.changed", today=redact(printable(today)))


def _staying(form: ConfigurationForm, now: Tree, edits: Sequence[Edit]) -> dict[int, Message]:
    """Return the places of the edits with a secret, or of an object named by a staying line, each with the reason."""
    then = [path[-1] for path in walk(_edited(now, edits))]
    kinds = form.spec.values.names
    users = {(kind.kind, name): line for line in then for kind in kinds for name in names_in(kind.used, line)}
    found: dict[int, Message] = {}
    for place, edit in enumerate(edits):
        lines = [edit.gone, edit.line, *(path[-1] for path in walk(edit.beneath or {}))]
        named = [users[name] for name in defined_by(form.spec, edit.gone) if name in users]
        if any(redact(line) != line for line in lines):
            found[place] = message("change:removal.secret")
        elif named and edit.gone not in then:
            found[place] = message("change:removal.used", line=redact(printable(named[0])))
    return found


def _edited(now: Tree, edits: Sequence[Edit]) -> Tree:
    """Return a configuration after some edits; a value takes the place of the value before."""
    then = copy_tree(now)
    for edit in edits:
        level = subtree(then, edit.path)
        entries = list(level.items())
        level.clear()
        for line, beneath in entries:
            if line != edit.gone:
                level[line] = beneath
            elif edit.line:
                level[edit.line] = copy_tree(edit.beneath or {})
        if edit.line and edit.line not in level:
            level[edit.line] = copy_tree(edit.beneath or {})
    return then


def _fragment(
    form: ConfigurationForm, now: Tree, edits: Sequence[Edit], origin: Message
) -> tuple[Fragment, tuple[Kept, ...]]:
    """Return the fragment of all edits without another difference, and the lines of the others."""
    with suppress(EventreadyError):
        return _exact(form, now, edits, origin), ()
    fragment, taken, kept = Fragment(), list[Edit](), list[Kept]()
    for edit in edits:
        try:
            fragment = _exact(form, now, [*taken, edit], origin)
        except EventreadyError as error:
            kept.append(Kept(edit.shown, error.cause))
        else:
            taken.append(edit)
    return fragment, tuple(kept)


def _exact(form: ConfigurationForm, now: Tree, edits: Sequence[Edit], origin: Message) -> Fragment:
    """Return the fragment of some edits. Raises EventreadyError if the form has none, or with another difference."""
    then = _edited(now, edits)
    fragment = form.parse(form.template(now, then), origin)
    if not form.equivalent(form.merge(now, fragment), then):
        raise RefusedError(message("change:removal.otherwise"))
    form.commands_between(now, then)
    return fragment
