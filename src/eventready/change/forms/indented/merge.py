"""Configurations of indented sections: the configuration after a fragment."""

from __future__ import annotations

from typing import NoReturn

from eventready.change.errors import FragmentError
from eventready.change.forms.fragment import Fragment
from eventready.change.forms.indented.meaning import equivalent
from eventready.change.forms.indented.printed import in_device_form, merge_numbered, prints_numbers
from eventready.change.forms.rules import Rules
from eventready.change.forms.tree import Path, Tree, copy_tree
from eventready.core.messages import Message, message


def merge(rules: Rules, running: Tree, fragment: Fragment) -> Tree:
    """Return the configuration after the device has accepted the fragment.

    A section that the fragment changes moves to the end of its level, in the fragment's order: objects are created
    before they are used, and removed after. Raises FragmentError for a section that cannot be created.
    """
    placed = in_device_form(rules, running, fragment)
    return _Merge(rules, running, placed).level(copy_tree(running), placed.tree, ())


class _Merge:
    def __init__(self, rules: Rules, running: Tree, fragment: Fragment) -> None:
        self._rules, self._running, self._fragment = rules, running, fragment
        self._removed: dict[Path, list[str]] = {}
        for path in fragment.removals:
            self._removed.setdefault(path[:-1], []).append(path[-1])

    def level(self, here: Tree, wanted: Tree, path: Path) -> Tree:
        """Merge the fragment's lines of a level into `here`, in place, and return `here`."""
        section = path[-1] if path else ""
        numbered = self._rules.numbered(section)
        prints = numbered is None or prints_numbers(numbered, here, self._running)
        for bare in self._removed.get(path, ()):
            if not prints and bare.isdigit():
                self._refuse((*path, bare), message("change:lines.no_numbers", section=section))
            gone = self._rules.extensions(bare, here)
            if numbered:
                gone += [one for one in here if one not in gone and self._rules.same_entry(section, bare, one)]
            for line in gone:
                if self._rules.is_permanent(line):
                    self._refuse((*path, bare), message("change:lines.permanent", line=line))
                del here[line]
        if numbered:
            wanted = merge_numbered(
                numbered,
                here,
                wanted,
                prints=prints,
                where=self._fragment.origins.get(path, self._fragment.origin),
            )
            for line in here:
                self._rules.added(here, line)
        ordered = self._rules.is_ordered(section) if section else False
        lifted = _lifted(here, wanted) if ordered else {}
        for line, beneath in wanted.items():
            if line in lifted:
                here[line] = lifted[line]
                self._rules.added(here, line)
            self._line(here, line, beneath, path, ordered=ordered)
        return self._rules.sort_last(here) if ordered else here

    def _line(self, here: Tree, line: str, beneath: Tree, path: Path, *, ordered: bool) -> None:
        rules = self._rules
        conflict = rules.conflicting(line, here)
        if conflict is not None and (user := rules.dependent(conflict, self._running)):
            gone = rules.negated(conflict)
            self._refuse((*path, line), message("change:lines.kept_kind", conflict=conflict, user=user, removal=gone))
        if rules.is_default(line):
            if conflict is not None:
                del here[conflict]
            return
        place = (*path, line)
        if line not in here and conflict is None:
            if rules.is_permanent(line):
                self._refuse(place, message("change:lines.not_created", line=line))
            if not self._wants(place, beneath):
                return
            if beneath and not rules.opens_section(line):
                self._refuse(place, message("change:lines.no_section", line=line))
        if conflict is None and rules.negated(line) in here:
            del here[rules.negated(line)]  # printed when off, absent when on
            return
        if not beneath and conflict is None and line in here and place not in self._removed:
            return
        keep = {} if conflict is None or rules.setting(conflict) is None else here.pop(conflict)
        before = here.get(line, keep)
        after = self.level(copy_tree(before), beneath, place)
        if line not in here or not equivalent(rules, after, before, line):
            stays = bool(after) or not rules.is_implicit(line)
            if not (ordered and stays):  # in an ordered section a changed line keeps its place
                here.pop(line, None)
            if stays:
                here[line] = after
                rules.added(here, line)

    def _wants(self, place: Path, beneath: Tree) -> bool:
        """Return False for a section of which the fragment only has removals."""
        if not beneath:
            return place not in self._removed
        return any(self._wants((*place, line), below) for line, below in beneath.items())

    def _refuse(self, place: Path, reason: Message) -> NoReturn:
        raise FragmentError(reason, where=self._fragment.origins.get(place, ""))


def _lifted(here: Tree, wanted: Tree) -> Tree:
    """Remove from `here`, and return, the lines before lines set later in the target order."""
    order = [line for line in here if line in wanted]
    return {} if order == list(wanted)[: len(order)] else {line: here.pop(line) for line in order}
