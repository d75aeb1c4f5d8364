"""What devices print in one of several forms: a fragment is put into the form that the device has."""

from __future__ import annotations

import re
from dataclasses import replace

from eventready.change.errors import FragmentError
from eventready.change.fragment import Fragment
from eventready.change.rules import Rules
from eventready.change.tree import Path, Tree, walk
from eventready.platforms.model import Families, Numbered


def as_printed(rules: Rules, running: Tree, fragment: Fragment) -> Fragment:
    """The fragment with each line where the device that runs `running` prints it.

    Raises FragmentError for a line that would have the device print the whole section in another form.
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
        if rival := rules.rival(place[-1], above):
            where = fragment.origins.get(path, "")
            raise FragmentError(f"`{rival}` and `{place[-1]}` are two values of one thing", where=where)
        above.setdefault(place[-1], {})
    removals = tuple(placed[path] for path in fragment.removals if placed[path])
    origins = {placed.get(path, path): origin for path, origin in fragment.origins.items()}
    return replace(fragment, tree=tree, removals=removals, origins=origins)


def _place(rules: Rules, running: Tree, fragment: Fragment, path: Path) -> Path:
    """Where the device prints a line; empty for a section that it does not print."""
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
    if re.fullmatch(family.lines, rules.bare(path[1]) or path[1]):
        return (top, name, *path[1:])
    return (top, *path[1:])


def _of_its_kind(rules: Rules, running: Tree, line: str) -> str:
    """The line with the kind that the device gives what is said without one."""
    for rule in rules.spec.fixed:
        if match := re.fullmatch(rule.untold, line):
            told = match.expand(rule.otherwise)
            return told if told in running else rules.rival(told, running) or told
    return line


def _without_family(family: Families, path: Path, where: str) -> Path:
    """The place of a line on a device that prints no families."""
    if re.fullmatch(family.names, path[1]):
        if len(path) > 2 and not re.fullmatch(family.lines, path[2]):
            raise FragmentError(
                f"`{path[2]}` has no place in `{path[0]}`, which the device prints without address families",
                where=where,
                do="Leave it out, or bring the device to address families by hand.",
            )
        return (path[0], *path[2:]) if len(path) > 2 else ()
    if re.fullmatch(family.shown, path[1]):
        raise FragmentError(
            f"`{path[1]}` would have the device print all of `{path[0]}` by address families, which it does not now",
            where=where,
            do="Bring the device to address families by hand, then plan.",
        )
    return path


# --- lines with and without numbers ---------------------------------------------------------------------------------


#: A line behind which no other one counts, of an access list or of a list of prefixes.
_ALL = re.compile(
    r"(?:permit|deny)(?:"
    r"(?: (?:ip|ipv6))?(?:(?: source| destination)? any){0,2}(?: log(?:-input|ging)?)?"
    r"|(?: (?:0\.0\.0\.0|::))(?:/0 le| 0 less-equal) (?:32|128))"
)


def prints_numbers(rule: Numbered, here: Tree, running: Tree) -> bool:
    """True when the device prints the numbers of this list; an empty one is as its others, or as it is typed."""
    lists = [here, *(beneath for line, beneath in running.items() if rule.section and re.fullmatch(rule.section, line))]
    for one in lists:
        found = [match for line in one if (match := re.fullmatch(rule.line, line))]
        if found:
            return any(match["number"] for match in found)
    return True


def put_in_order(rule: Numbered, here: Tree, wanted: Tree, *, prints: bool, where: str) -> Tree:
    """Put numbered lines of `wanted` into `here`, and give back the others.

    What is there already under another number, or under none, is not said again. `prints`: the device shows numbers;
    else its lines have those that it would give them after a restart, and only their order is told. Raises
    FragmentError for a line without a number that nothing would reach, and for two lines in one place.
    """
    lists: dict[str, list[re.Match[str]]] = {}
    for line in wanted:
        if match := re.fullmatch(rule.line, line):
            lists.setdefault(match.groupdict().get("list") or "", []).append(match)
    for name, asked in lists.items():
        if all(match["number"] for match in asked):
            asked.sort(key=lambda match: int(match["number"]))
        there = _listed(rule, here, name, prints=prints)
        rests = {number: rest for number, (rest, _line) in there.items()}
        after = _after(rule, rests, asked, where)
        for number, (rest, line) in there.items():
            if after != rests and (not prints or after.get(number) != rest):
                del here[line]
        for number, rest in sorted(after.items()):
            if not prints:
                here.setdefault(rest, {})
            elif rests.get(number) != rest:
                here[rule.told.format(list=name, number=number, rest=rest)] = {}
    return {line: beneath for line, beneath in wanted.items() if not re.fullmatch(rule.line, line)}


def _listed(rule: Numbered, here: Tree, name: str, *, prints: bool) -> dict[int, tuple[str, str]]:
    """By its number what each line of a list says, and the line."""
    there: dict[int, tuple[str, str]] = {}
    for line in here:
        match = re.fullmatch(rule.line, line)
        if match and (match.groupdict().get("list") or "") == name and (match["number"] or not prints):
            there[int(match["number"] or max(there, default=0) + rule.step)] = (match["rest"], line)
    return there


def _after(rule: Numbered, there: dict[int, str], asked: list[re.Match[str]], where: str) -> dict[int, str]:
    """The list with what is asked for: under its number, or behind what is asked for before."""
    if all(match["number"] for match in asked) and _holds(there, [match["rest"] for match in asked]):
        return there
    after, reached, placed = dict(there), -1, set[int]()
    for match in asked:
        said = match["rest"]
        number = next((number for number, rest in sorted(after.items()) if rest == said), None)
        if match["number"]:
            reached = int(match["number"])
            if reached in placed:
                reason = f"`{said}` would take the place of `{after[reached]}`, which is asked for too"
                raise FragmentError(reason, where=where, do="Give all lines of the list numbers, or none.")
            if number is not None and not said.startswith("remark "):  # a remark may stand there twice
                del after[number]
        elif number is not None and number > reached:
            reached = number
        else:
            if number is not None:
                del after[number]
            reached = max(after, default=0) + rule.step
            if whole := next((rest for rest in after.values() if _ALL.fullmatch(rest)), ""):
                reason = f"`{said}` would stand behind `{whole}`, and nothing would reach it"
                raise FragmentError(reason, where=where, do="Give it a number.")
        placed.add(reached)
        after[reached] = said
    return after


def _holds(there: dict[int, str], asked: list[str]) -> bool:
    """True when all that is asked for stands there in this order, and nothing in between or before says otherwise."""
    order = [rest for _number, rest in sorted(there.items())]
    if [rest for rest in order if rest in asked] != asked:
        return False
    words = {rest.split()[0] for rest in asked}
    before = order[: order.index(asked[-1])]
    return all(rest in asked or rest.startswith("remark ") or words == {rest.split()[0]} for rest in before)
