"""Configurations of indented sections: what a fragment makes of one, and the lines that lead from one to another."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NoReturn

from eventready.change.errors import FragmentError
from eventready.change.forms import as_printed, prints_numbers, put_in_order
from eventready.change.fragment import Fragment
from eventready.change.rules import Rules, says_more
from eventready.change.tree import Path, Tree, at, copied, identical, walk
from eventready.errors import RefusedError
from eventready.platforms.model import ChangeSpec

#: What one line takes away beside itself is put back in another round; more than this many means that rules contradict.
_ROUNDS = 4


def merge(spec: ChangeSpec, running: Tree, fragment: Fragment) -> Tree:
    """What runs once the device has taken the fragment.

    A section that the fragment changes stands at the end of its level, in the fragment's order: what is defined there
    is then made before it is used, and taken back after. Raises FragmentError for a section that cannot be made.
    """
    placed = as_printed(Rules(spec), running, fragment)
    return _Merge(spec, running, placed).level(copied(running), placed.tree, ())


class _Merge:
    def __init__(self, spec: ChangeSpec, running: Tree, fragment: Fragment) -> None:
        self._rules, self._running, self._fragment = Rules(spec), running, fragment
        self._removed: dict[Path, list[str]] = {}
        for path in fragment.removals:
            self._removed.setdefault(path[:-1], []).append(path[-1])

    def level(self, here: Tree, wanted: Tree, path: Path) -> Tree:
        """`here` with the fragment's lines; it is changed in place and given back."""
        section = path[-1] if path else ""
        numbered = self._rules.numbered(section)
        prints = numbered is None or prints_numbers(numbered, here, self._running)
        for bare in self._removed.get(path, ()):
            if not prints and bare.isdigit():
                self._refuse((*path, bare), f"the device prints no numbers in `{section}`", "Write out the line.")
            for line in [line for line in here if says_more(bare, line) or self._rules.is_one(section, bare, line)]:
                if self._rules.is_permanent(line):
                    self._refuse((*path, bare), f"`{line}` cannot be removed", "Take its lines back one by one.")
                del here[line]
        if numbered:
            wanted = put_in_order(
                numbered,
                here,
                wanted,
                prints=prints,
                where=self._fragment.origins.get(path, next(iter(self._fragment.origins.values()), "")),
            )
        ordered = self._rules.is_ordered(section) if section else False
        lifted = _lifted(here, wanted) if ordered else {}
        for line, beneath in wanted.items():
            if line in lifted:
                here[line] = lifted[line]
            self._line(here, line, beneath, path, ordered=ordered)
        return self._rules.settled(here) if ordered else here

    def _line(self, here: Tree, line: str, beneath: Tree, path: Path, *, ordered: bool) -> None:
        rules = self._rules
        rival = rules.rival(line, here)
        if rival is not None and (user := rules.user_of(rival, self._running)):
            reason = f"the device has `{rival}`, which stays what it is while `{user}` uses it"
            do = f"Take it out of there and remove it by hand (`{rules.negated(rival)}`) when it may be missed."
            self._refuse((*path, line), reason, do)
        if rules.is_default(line):
            if rival is not None:
                del here[rival]
            return
        place = (*path, line)
        if line not in here and rival is None:
            if rules.is_permanent(line):
                reason = f"there is no `{line}` on the device, and it cannot be made"
                self._refuse(place, reason, "Correct its name in the inventory.")
            if not self._wants(place, beneath):
                return
            if beneath and not rules.opens(line):
                reason = f"`{line}` is not known to open a section, and there is none on the device"
                self._refuse(place, reason, "Write it out as the device shows it.")
        if rival is None and rules.negated(line) in here:
            del here[rules.negated(line)]  # what is shown when it is off is not shown when it is on
            return
        if not beneath and rival is None and line in here and place not in self._removed:
            return
        keep = {} if rival is None or rules.thing(rival) is None else here.pop(rival)
        before = here.get(line, keep)
        after = self.level(copied(before), beneath, place)
        if line not in here or not same(rules, after, before, line):
            stays = bool(after) or not rules.is_fleeting(line)
            if not (ordered and stays):  # where order counts, a line that changes stays where it is
                here.pop(line, None)
            if stays:
                here[line] = after

    def _wants(self, place: Path, beneath: Tree) -> bool:
        """False where all that the fragment says of a section is what must not stand in it."""
        if not beneath:
            return place not in self._removed
        return any(self._wants((*place, line), below) for line, below in beneath.items())

    def _refuse(self, place: Path, reason: str, do: str) -> NoReturn:
        raise FragmentError(reason, where=self._fragment.origins.get(place, ""), do=do)


def _lifted(here: Tree, wanted: Tree) -> Tree:
    """Take lines out of `here` that would not stand in the wanted order with what is set after them."""
    order = [line for line in here if line in wanted]
    return {} if order == list(wanted)[: len(order)] else {line: here.pop(line) for line in order}


def same(rules: Rules, one: Tree, other: Tree, section: str = "") -> bool:
    """True when two configurations, or what stands in a section, mean the same: order counts in ordered sections."""
    left, right = (rules.meaning(section, _shown(rules, tree)) for tree in (one, other))
    if left.keys() != right.keys() or (section and rules.is_ordered(section) and list(left) != list(right)):
        return False
    return all(same(rules, left[line], right[line], line) for line in left)


def _shown(rules: Rules, tree: Tree) -> Tree:
    return {line: beneath for line, beneath in tree.items() if beneath or not rules.is_fleeting(line)}


def remade(rules: Rules, now: Tree, then: Tree, path: Path = ()) -> Iterator[Path]:
    """What is there before and after, and is taken down on the way: sections and lines that cannot be changed."""
    moved: list[str] = []
    if path and rules.is_ordered(path[-1]):
        moved = _out_of_place(*(_in_turn(rules, path[-1], tree) for tree in (now, then)))
    for line, beneath in then.items():
        rival = rules.rival(line, now) if line not in now else None
        stop = rules.stop(line)
        if rival is not None:
            yield from [(*path, rival)] if (thing := rules.thing(line)) and thing.rule.first_take_back else []
        elif line in moved:
            yield (*path, line)
        elif line in now and not same(rules, now[line], beneath, line):
            if rules.rebuilt(line) or (stop and any(re.fullmatch(stop, one) for one in now[line])):
                yield (*path, line)
            else:
                yield from remade(rules, now[line], beneath, (*path, line))


def _in_turn(rules: Rules, section: str, tree: Tree) -> list[str]:
    """The lines of an ordered section that stand where they were entered."""
    return [line for line in tree if not rules.is_last(line) and not rules.has_number(section, line)]


def _out_of_place(here: list[str], wanted: list[str]) -> list[str]:
    """The lines of an ordered section that must go, so that what is left is what the wanted order begins with."""
    kept = 0
    out = []
    for line in here:
        if kept < len(wanted) and line == wanted[kept]:
            kept += 1
        else:
            out.append(line)
    return out


def way(spec: ChangeSpec, now: Tree, then: Tree) -> tuple[str, ...]:
    """The lines that lead from `now` to `then`, sections and their exits included. Raises RefusedError for none."""
    leading = _Way(Rules(spec), now)
    for _ in range(_ROUNDS):
        if same(leading.rules, leading.state, then):
            return leading.finished()
        leading.round(then)
    if not same(leading.rules, leading.state, then):
        raise _no_way(leading.state, then)
    return leading.finished()


def _no_way(state: Tree, then: Tree) -> RefusedError:
    """What one line takes away another puts back, for ever: such a device would be left between old and new."""
    found, wanted = set(walk(state)), set(walk(then))
    amiss = min(found ^ wanted, default=("the order of its lines",))
    return RefusedError(
        f"no lines are known that lead there: `{amiss[-1]}` does not come right",
        do="Take it out of the template, and change it by hand.",
    )


class _Way:
    """Lines under construction, and what the device would have after each of them (`state`)."""

    def __init__(self, rules: Rules, now: Tree) -> None:
        self.rules, self.state = rules, copied(now)
        self._lines: list[str] = []
        self._at: Path = ()

    def round(self, then: Tree) -> None:
        """What would be hit by a removal goes first, then what is new in its order, then what is old in reverse."""
        self._clear((), then)
        self._add((), then)
        self._remove((), then)

    def finished(self) -> tuple[str, ...]:
        """All lines, with every section left."""
        self._go(())
        return tuple(self._lines)

    # --- where we are ---------------------------------------------------------------------------------------------

    def _go(self, path: Path) -> None:
        """Leave and enter sections until `path` is the open one."""
        common = 0
        while common < min(len(path), len(self._at)) and path[common] == self._at[common]:
            common += 1
        if self.rules.spec.section_exit:
            self._lines += [self.rules.spec.section_exit] * (len(self._at) - common)
        elif common < len(self._at):
            common = 0
        self._lines += path[common:]
        self._at = path

    def _say(self, path: Path, line: str) -> None:
        self._go(path)
        self._lines.append(line)

    def _here(self, path: Sequence[str]) -> Tree:
        return at(self.state, path)

    # --- single steps ---------------------------------------------------------------------------------------------

    def _take_back(self, path: Path, line: str) -> None:
        self._halt((*path, line))
        sent = self.rules.taken_back(line)
        self._say(path, sent)
        here = self._here(path)
        bare = self.rules.bare(sent)
        for gone in [one for one in here if one == line or (bare and says_more(bare, one))]:
            for carried in [one for one in here if self.rules.goes_with(gone, one)]:
                del here[carried]
            here.pop(gone, None)

    def _halt(self, section: Path) -> None:
        """Take back the lines that keep the section from being changed."""
        stop = self.rules.stop(section[-1])
        for line in [line for line in self._here(section) if stop and re.fullmatch(stop, line)]:
            self._take_back(section, line)

    def _set(self, path: Path, line: str, beneath: Tree) -> None:
        """Send a line that is not there. What it replaces gives it what stood beneath."""
        here = self._here(path)
        rival = self.rules.rival(line, here)
        if rival is not None and (thing := self.rules.thing(line)) and thing.rule.first_take_back:
            self._take_back(path, rival)
            rival = self.rules.rival(line, here)
        kept = here.pop(rival) if rival is not None else {}
        if beneath or kept or self.rules.opens(line):
            here[line] = kept
            self._go((*path, line))
        else:
            self._say(path, line)
            here[line] = kept
        if path and self.rules.is_ordered(path[-1]):
            self.rules.settled(here)

    # --- passes ---------------------------------------------------------------------------------------------------

    def _leftover(self, path: Path, then: Tree) -> Iterator[str]:
        """Lines that must go, last first, without those that another line will replace."""
        for line in reversed(list(self._here(path))):
            if line in then or line not in self._here(path):
                continue
            if self.rules.rival(line, then) is None:
                yield line

    def _clear(self, path: Path, then: Tree) -> None:
        for line in self._leftover(path, then):
            bare = self.rules.bare(self.rules.taken_back(line))
            if bare and not self._stays(line) and any(says_more(bare, one) for one in then):
                self._take_back(path, line)
        for line, beneath in then.items():
            if self._differs(path, line, beneath) and not self.rules.stop(line):
                self._clear((*path, line), beneath)

    def _add(self, path: Path, then: Tree) -> None:
        if path and self.rules.is_ordered(path[-1]):
            self._make_room(path, then)
        for line, beneath in sorted(then.items(), key=lambda item: self.rules.turn(item[0])):
            here = self._here(path)
            if line in here and not self._differs(path, line, beneath):
                continue
            if line in here and self.rules.rebuilt(line) and not same(self.rules, here[line], beneath):
                self._take_back(path, line)
                self._make(path, line, beneath)
                for carried in [one for one in then if self.rules.goes_with(line, one)]:
                    if carried not in self._here(path):
                        self._make(path, carried, then[carried])
            elif line in here and self.rules.stop(line):
                self._rework((*path, line), beneath)
            elif line in here:
                self._add((*path, line), beneath)
            elif (beneath or not self.rules.is_fleeting(line)) and not self._kept_by_a_user(line, here):
                self._make(path, line, beneath)

    def _kept_by_a_user(self, line: str, here: Tree) -> bool:
        """True for another kind of what something still uses that goes in this round: its turn is in the next."""
        rival = self.rules.rival(line, here)
        return rival is not None and bool(self.rules.user_of(rival, self.state))

    def _make(self, path: Path, line: str, beneath: Tree) -> None:
        self._set(path, line, beneath)
        if self.rules.stop(line):
            self._rework((*path, line), beneath)
        else:
            self._add((*path, line), beneath)

    def _rework(self, section: Path, then: Tree) -> None:
        """Change a section that must not run meanwhile; what makes it run comes last."""
        if same(self.rules, self._here(section), then):
            return
        self._halt(section)
        stop = self.rules.stop(section[-1])
        still = {line: beneath for line, beneath in then.items() if not re.fullmatch(stop, line)}
        for step in (self._clear, self._add, self._remove):
            step(section, still)
        self._add(section, then)

    def _make_room(self, path: Path, then: Tree) -> None:
        """Leave of an ordered section only the part that its wanted order begins with; what is last anyway stays."""
        wanted = _in_turn(self.rules, path[-1], then)
        while True:
            out = _out_of_place(_in_turn(self.rules, path[-1], self._here(path)), wanted)
            if not out:
                return
            self._take_back(path, out[-1])

    def _remove(self, path: Path, then: Tree) -> None:
        for line in sorted(self._here(path), key=self.rules.turn)[::-1]:
            here = self._here(path)
            if line not in here:
                continue
            if line in then:
                if self._differs(path, line, then[line]):
                    self._remove((*path, line), then[line])
            elif self._stays(line):
                self._remove((*path, line), {})
                if self.rules.is_fleeting(line):
                    here.pop(line)
                    self._leave((*path, line))
            elif self.rules.rival(line, then) is None:
                self._take_back(path, line)

    def _differs(self, path: Path, line: str, beneath: Tree) -> bool:
        """True for a line that is there with something else beneath it: few of the sections of a device."""
        here = self._here(path)
        return line in here and not identical(here[line], beneath)

    def _stays(self, line: str) -> bool:
        return self.rules.is_permanent(line) or self.rules.is_fleeting(line)

    def _leave(self, path: Path) -> None:
        """Go out of a section that is no more."""
        if self._at[: len(path)] == path:
            self._go(path[:-1])
