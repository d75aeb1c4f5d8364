"""Configurations of indented sections: their significant parts, and the configuration after a fragment."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import NoReturn

from eventready.change.errors import FragmentError
from eventready.change.forms.configuration import Fragment
from eventready.change.forms.rules import Rules
from eventready.change.forms.tree import Path, Tree, copy_tree, identical, walk
from eventready.core.messages import Message, message
from eventready.platforms.model import Families, Numbered


def equivalent(rules: Rules, one: Tree, other: Tree, section: str = "") -> bool:
    """Return True if two configurations, or two sections, have the same meaning: order counts in ordered sections."""
    if identical(one, other):
        return True
    left, right = (rules.normalized(section, _shown(rules, tree)) for tree in (one, other))
    if left.keys() != right.keys() or (section and rules.is_ordered(section) and list(left) != list(right)):
        return False
    return all(equivalent(rules, left[line], right[line], line) for line in left)


def _shown(rules: Rules, tree: Tree) -> Tree:
    return {line: beneath for line, beneath in tree.items() if beneath or not rules.is_implicit(line)}


def meaning(rules: Rules, tree: Tree, section: str = "") -> list[object]:
    """Return the significant lines: equal for two `equivalent` configurations."""
    level = rules.normalized(section, _shown(rules, tree))
    lines = list(level) if section and rules.is_ordered(section) else sorted(level)
    return [[line, meaning(rules, level[line], line)] for line in lines]


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


def in_device_form(rules: Rules, running: Tree, fragment: Fragment) -> Fragment:
    """Return the fragment with each line in the section of the device's own output.

    Raises FragmentError for a line that would change the form of the whole section.
    """
    if not rules.spec.families and not rules.spec.fixed:
        return fragment
    placed = {path: _place(rules, running, fragment, path) for path in [*walk(fragment.tree), *fragment.removals]}
    tree: Tree = {}
    for path, place in placed.items():
        above = tree
        for section in place[:-1]:
            above = above.setdefault(section, {})
        if not place or path in fragment.removals:
            continue
        if conflict := rules.conflicting(place[-1], above):
            where = fragment.origins.get(path, "")
            raise FragmentError(message("change:lines.two_values", one=conflict, other=place[-1]), where=where)
        above.setdefault(place[-1], {})
    removals = tuple(placed[path] for path in fragment.removals if placed[path])
    origins = {placed.get(path, path): origin for path, origin in fragment.origins.items()}
    return replace(fragment, tree=tree, removals=removals, origins=origins)


def _place(rules: Rules, running: Tree, fragment: Fragment, path: Path) -> Path:
    """Return the device's own path of a line; empty for a section absent from the device's output."""
    top = _of_its_kind(rules, running, path[0])
    family = rules.families(top)
    if family is None or len(path) < 2:
        return (top, *path[1:])
    there = running.get(top, {})
    if family.shown and not any(re.fullmatch(family.shown, line) for line in (there or fragment.tree.get(path[0], {}))):
        return _without_family(family, (top, *path[1:]), fragment.origins.get(path, ""))
    name = next((line for line in there if re.fullmatch(family.names, line)), family.family)
    if re.fullmatch(family.names, path[1]):
        return (top, name, *path[2:])
    if re.fullmatch(family.lines, rules.without_negation(path[1]) or path[1]):
        return (top, name, *path[1:])
    return (top, *path[1:])


def _of_its_kind(rules: Rules, running: Tree, line: str) -> str:
    """Return the section header with the kind assigned by the device to the short form."""
    for rule in rules.spec.fixed:
        if match := re.fullmatch(rule.short_form, line):
            full_form = match.expand(rule.default_form)
            return full_form if full_form in running else rules.conflicting(full_form, running) or full_form
    return line


def _without_family(family: Families, path: Path, where: str | Message) -> Path:
    """Return the path of a line on a device without printed address families."""
    if re.fullmatch(family.names, path[1]):
        if len(path) > 2 and not re.fullmatch(family.lines, path[2]):
            raise FragmentError(message("change:lines.no_families", line=path[2], section=path[0]), where=where)
        return (path[0], *path[2:]) if len(path) > 2 else ()
    if re.fullmatch(family.shown, path[1]):
        raise FragmentError(message("change:lines.converts", line=path[1], section=path[0]), where=where)
    return path


# --- lines with and without numbers ---------------------------------------------------------------------------------


#: A line of an access list or prefix list that matches everything: later lines are never reached.
_ALL = re.compile(
    r"(?:permit|deny)(?:"
    r"(?: (?:ip|ipv6))?(?:(?: source| destination)? any){0,2}(?: log(?:-input|ging)?)?"
    r"|(?: (?:0\.0\.0\.0|::))(?:/0 le| 0 less-equal) (?:32|128))"
)


def prints_numbers(rule: Numbered, here: Tree, running: Tree) -> bool:
    """Return True if the device prints the sequence numbers of this list; an empty list follows the others, or the
    input.
    """
    lists = [here, *(beneath for line, beneath in running.items() if rule.section and re.fullmatch(rule.section, line))]
    for one in lists:
        found = [match for line in one if (match := re.fullmatch(rule.line, line))]
        if found:
            return any(match["number"] for match in found)
    return True


def merge_numbered(rule: Numbered, here: Tree, wanted: Tree, *, prints: bool, where: str | Message) -> Tree:
    """Merge numbered lines of `target` into `here`, and return the other lines of `target`.

    A line that exists under another number, or without one, is not repeated. `prints`: the device prints numbers;
    otherwise lines are numbered as after a restart, and only their order is compared. Raises FragmentError for an
    unnumbered line that no packet would reach, and for two lines with one number.
    """
    lists: dict[str, list[re.Match[str]]] = {}
    for line in wanted:
        if match := re.fullmatch(rule.line, line):
            lists.setdefault(match.groupdict().get("list") or "", []).append(match)
    for name, requested in lists.items():
        if all(match["number"] for match in requested):
            requested.sort(key=lambda match: int(match["number"]))
        there = _listed(rule, here, name, prints=prints)
        rests = {number: rest for number, (rest, _line) in there.items()}
        after = _after(rule, rests, requested, where)
        for number, (rest, line) in there.items():
            if after != rests and (not prints or after.get(number) != rest):
                del here[line]
        for number, rest in sorted(after.items()):
            if not prints:
                here.setdefault(rest, {})
            elif rests.get(number) != rest:
                here[rule.format.format(list=name, number=number, rest=rest)] = {}
    return {line: beneath for line, beneath in wanted.items() if not re.fullmatch(rule.line, line)}


def _listed(rule: Numbered, here: Tree, name: str, *, prints: bool) -> dict[int, tuple[str, str]]:
    """Return the lines of a list by number: (rest of the line, line)."""
    there: dict[int, tuple[str, str]] = {}
    for line in here:
        match = re.fullmatch(rule.line, line)
        if match and (match.groupdict().get("list") or "") == name and (match["number"] or not prints):
            there[int(match["number"] or max(there, default=0) + rule.step)] = (match["rest"], line)
    return there


def _after(
    rule: Numbered, there: dict[int, str], requested: list[re.Match[str]], where: str | Message
) -> dict[int, str]:
    """Return the list by number after the requested lines: under their number, or behind the requested line before."""
    if all(match["number"] for match in requested) and _holds(there, [match["rest"] for match in requested]):
        return there
    after, reached, placed = dict(there), -1, set[int]()
    for match in requested:
        entry = match["rest"]
        number = next((number for number, rest in sorted(after.items()) if rest == entry), None)
        if match["number"]:
            reached = int(match["number"])
            if reached in placed:
                reason = message("change:lines.one_number", one=entry, other=after[reached])
                raise FragmentError(reason, where=where)
            if number is not None and not entry.startswith("remark "):  # a remark may stand there twice
                del after[number]
        elif number is not None and number > reached:
            reached = number
        else:
            if number is not None:
                del after[number]
            reached = max(after, default=0) + rule.step
            if whole := next((rest for rest in after.values() if _ALL.fullmatch(rest)), ""):
                raise FragmentError(message("change:lines.never_match", line=entry, after=whole), where=where)
        placed.add(reached)
        after[reached] = entry
    return after


def _holds(there: dict[int, str], requested: list[str]) -> bool:
    """Return True if all requested lines exist in this order, and no contradicting line precedes or separates them."""
    order = [rest for _number, rest in sorted(there.items())]
    if [rest for rest in order if rest in requested] != requested:
        return False
    words = {rest.split()[0] for rest in requested}
    before = order[: order.index(requested[-1])]
    return all(rest in requested or rest.startswith("remark ") or words == {rest.split()[0]} for rest in before)
