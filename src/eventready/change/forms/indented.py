"""Configurations of indented sections: most routers, and base stations."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from eventready.change.errors import FragmentError
from eventready.change.forms.configuration import SECTION_EXITS, Fragment, mention
from eventready.change.forms.form import Addressed, LineForm, Parsed
from eventready.change.forms.indented_merge import equivalent, meaning, merge
from eventready.change.forms.rules import Rules
from eventready.change.forms.tree import (
    Path,
    Tree,
    copy_tree,
    dedent_sections,
    identical,
    significant_lines,
    subtree,
    walk,
)
from eventready.core.errors import RefusedError
from eventready.core.messages import Message, message

#: Lines that a command removes as a side effect are restored in another round. More rounds mean contradicting rules.
_ROUNDS = 4


def recreated(rules: Rules, now: Tree, then: Tree, path: Path = ()) -> Iterator[Path]:
    """Yield the paths present before and after and removed in between: their lines cannot be edited."""
    moved: list[str] = []
    if path and rules.is_ordered(path[-1]):
        moved = _out_of_place(*(_in_turn(rules, path[-1], tree) for tree in (now, then)))
    for line, beneath in then.items():
        conflict = rules.conflicting(line, now) if line not in now else None
        stop = rules.lock_pattern(line)
        if conflict is not None:
            yield from [(*path, conflict)] if (setting := rules.setting(line)) and setting.rule.remove_first else []
        elif line in moved:
            yield (*path, line)
        elif line in now and not equivalent(rules, now[line], beneath, line):
            if rules.rebuilt(line) or (stop and any(re.fullmatch(stop, one) for one in now[line])):
                yield (*path, line)
            else:
                yield from recreated(rules, now[line], beneath, (*path, line))


def _in_turn(rules: Rules, section: str, tree: Tree) -> list[str]:
    """Return the lines of an ordered section without a number: their place is the order of entry."""
    return [line for line in tree if not rules.is_last(line) and not rules.has_number(section, line)]


def _out_of_place(here: list[str], wanted: list[str]) -> list[str]:
    """Return the lines of an ordered section to remove: the rest is a prefix of the target order."""
    kept = 0
    out = []
    for line in here:
        if kept < len(wanted) and line == wanted[kept]:
            kept += 1
        else:
            out.append(line)
    return out


def commands_between(rules: Rules, now: Tree, then: Tree) -> tuple[str, ...]:
    """Return the commands from `now` to `then`, section exits included. Raises RefusedError if none are found."""
    leading = _Way(rules, now)
    for _ in range(_ROUNDS):
        if equivalent(leading.rules, leading.state, then):
            return leading.finished()
        leading.round(then)
    if not equivalent(leading.rules, leading.state, then):
        raise _no_way(leading.state, then)
    return leading.finished()


def _no_way(state: Tree, then: Tree) -> RefusedError:
    """Return the error for a persistent difference: the device would stay between old and new."""
    found, wanted = set(walk(state)), set(walk(then))
    differing = min(found ^ wanted, default=("the order of its lines",))
    return RefusedError(message("change:lines.no_commands", line=differing[-1]))


class _Way:
    """The commands so far, and the device's configuration after them (`state`)."""

    def __init__(self, rules: Rules, now: Tree) -> None:
        self.rules, self.state = rules, copy_tree(now)
        self._lines: list[str] = []
        self._at: Path = ()

    def round(self, then: Tree) -> None:
        """Remove lines affected by a later removal, then add new lines in order, then remove old lines in reverse."""
        self._clear((), then)
        self._add((), then)
        self._remove((), then)

    def finished(self) -> tuple[str, ...]:
        """Return all commands, with every section left."""
        self._go(())
        return tuple(self._lines)

    # --- position -------------------------------------------------------------------------------------------------

    def _go(self, path: Path) -> None:
        """Leave and enter sections until `path` is the current section."""
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
        return subtree(self.state, path)

    # --- single commands ------------------------------------------------------------------------------------------

    def _take_back(self, path: Path, line: str) -> None:
        self._halt((*path, line))
        sent = self.rules.removal(line)
        self._say(path, sent)
        here = self._here(path)
        bare = self.rules.without_negation(sent)
        for gone in {line, *(self.rules.extensions(bare, here) if bare else ())} & here.keys():
            for carried in self.rules.cascaded(gone, here):
                del here[carried]
            here.pop(gone, None)

    def _halt(self, section: Path) -> None:
        stop = self.rules.lock_pattern(section[-1])
        for line in [line for line in self._here(section) if stop and re.fullmatch(stop, line)]:
            self._take_back(section, line)

    def _set(self, path: Path, line: str, beneath: Tree) -> None:
        """Add a missing line. The lines beneath a replaced line move to the new line."""
        here = self._here(path)
        conflict = self.rules.conflicting(line, here)
        if conflict is not None and (setting := self.rules.setting(line)) and setting.rule.remove_first:
            self._take_back(path, conflict)
            conflict = self.rules.conflicting(line, here)
        kept = here.pop(conflict) if conflict is not None else {}
        if beneath or kept or self.rules.opens_section(line):
            here[line] = kept
            self._go((*path, line))
        else:
            self._say(path, line)
            here[line] = kept
        self.rules.added(here, line)
        if path and self.rules.is_ordered(path[-1]):
            self.rules.sort_last(here)

    # --- passes ---------------------------------------------------------------------------------------------------

    def _leftover(self, path: Path, then: Tree) -> Iterator[str]:
        """Yield obsolete lines, last first, without lines replaced by others."""
        for line in reversed(list(self._here(path))):
            if line in then or line not in self._here(path):
                continue
            if self.rules.conflicting(line, then) is None:
                yield line

    def _clear(self, path: Path, then: Tree) -> None:
        for line in self._leftover(path, then):
            bare = self.rules.without_negation(self.rules.removal(line))
            if bare and not self._stays(line) and self.rules.extensions(bare, then):
                self._take_back(path, line)
        for line, beneath in then.items():
            if self._differs(path, line, beneath) and not self.rules.lock_pattern(line):
                self._clear((*path, line), beneath)

    def _add(self, path: Path, then: Tree) -> None:
        if path and self.rules.is_ordered(path[-1]):
            self._make_room(path, then)
        for line, beneath in sorted(then.items(), key=lambda item: self.rules.creation_rank(item[0])):
            here = self._here(path)
            if line in here and not self._differs(path, line, beneath):
                continue
            if line in here and self.rules.rebuilt(line) and not equivalent(self.rules, here[line], beneath):
                self._take_back(path, line)
                self._make(path, line, beneath)
                for carried in self.rules.cascaded(line, then):
                    if carried not in self._here(path):
                        self._make(path, carried, then[carried])
            elif line in here and self.rules.lock_pattern(line):
                self._rework((*path, line), beneath)
            elif line in here:
                self._add((*path, line), beneath)
            elif (beneath or not self.rules.is_implicit(line)) and not self._kept_by_a_user(line, here):
                self._make(path, line, beneath)

    def _kept_by_a_user(self, line: str, here: Tree) -> bool:
        """Return True for another kind of an object still in use; the next round replaces the object."""
        conflict = self.rules.conflicting(line, here)
        return conflict is not None and bool(self.rules.dependent(conflict, self.state))

    def _make(self, path: Path, line: str, beneath: Tree) -> None:
        self._set(path, line, beneath)
        if self.rules.lock_pattern(line):
            self._rework((*path, line), beneath)
        else:
            self._add((*path, line), beneath)

    def _rework(self, section: Path, then: Tree) -> None:
        """Edit a section locked while active; the activating line comes last."""
        if equivalent(self.rules, self._here(section), then):
            return
        self._halt(section)
        stop = self.rules.lock_pattern(section[-1])
        still = {line: beneath for line, beneath in then.items() if not re.fullmatch(stop, line)}
        for step in (self._clear, self._add, self._remove):
            step(section, still)
        self._add(section, then)

    def _make_room(self, path: Path, then: Tree) -> None:
        """Reduce an ordered section to a prefix of the target order; permanent last lines stay."""
        wanted = _in_turn(self.rules, path[-1], then)
        while True:
            out = _out_of_place(_in_turn(self.rules, path[-1], self._here(path)), wanted)
            if not out:
                return
            self._take_back(path, out[-1])

    def _remove(self, path: Path, then: Tree) -> None:
        for line in sorted(self._here(path), key=self.rules.creation_rank)[::-1]:
            here = self._here(path)
            if line not in here:
                continue
            if line in then:
                if self._differs(path, line, then[line]):
                    self._remove((*path, line), then[line])
            elif self._stays(line):
                self._remove((*path, line), {})
                if self.rules.is_implicit(line):
                    here.pop(line)
                    self._leave((*path, line))
            elif self.rules.conflicting(line, then) is None:
                self._take_back(path, line)

    def _differs(self, path: Path, line: str, beneath: Tree) -> bool:
        """Return True for an existing line with other lines beneath."""
        here = self._here(path)
        return line in here and not identical(here[line], beneath)

    def _stays(self, line: str) -> bool:
        return self.rules.is_permanent(line) or self.rules.is_implicit(line)

    def _leave(self, path: Path) -> None:
        """Leave a removed section."""
        if self._at[: len(path)] == path:
            self._go(path[:-1])


def _template(rules: Rules, now: Tree, then: Tree, depth: int = 0) -> Iterator[str]:
    """Yield the lines of a template: removals and new lines, beneath their sections."""
    for line in now:
        if line not in then and rules.conflicting(line, then) is None:
            yield f"{' ' * depth}{rules.negated(line)}"
    for line, beneath in then.items():
        inner = list(_template(rules, now.get(line, {}), beneath, depth + 1))
        if inner or line not in now:
            yield f"{' ' * depth}{line}"
            yield from inner


class IndentedForm(LineForm):
    """Operations on configurations of indented sections."""

    def _laid_out(self, text: str) -> str:
        return dedent_sections(text, self.spec.separators)

    def _parse_template(self, text: str, origin: str | Message) -> Parsed:
        spec, rules = self.spec, self.rules()
        root: Tree = {}
        removals: list[Path] = []
        stack: list[tuple[int, Path]] = [(-1, ())]
        for depth, line in significant_lines(text, spec.separators, spec.blank_insensitive, spec.volatile):
            while stack[-1][0] >= depth:
                stack.pop()
            above = stack[-1][1]
            if line in SECTION_EXITS:
                raise FragmentError(message("change:lines.leaves", line=line), where=origin)
            bare = rules.without_negation(line) if rules.setting(line) is None else None
            if above in removals:
                raise FragmentError(message("change:lines.in_removed", line=line), where=origin)
            if bare is not None:
                removals.append((*above, bare))
                stack.append((depth, (*above, bare)))
                continue
            tree = subtree(root, above)
            conflict = rules.conflicting(line, tree)
            if conflict is not None:
                raise FragmentError(message("change:lines.two_values_choose", one=conflict, other=line), where=origin)
            mention(rules, tree, line)
            stack.append((depth, (*above, line)))
        if both := next((path for path in removals if path[-1] in subtree(root, path[:-1])), None):
            raise FragmentError(message("change:lines.set_and_removed", line=both[-1]), where=origin)
        return root, tuple(dict.fromkeys(removals))

    def merge(self, running: Tree, fragment: Fragment) -> Tree:
        """See ConfigurationForm."""
        return merge(self.rules(), running, fragment)

    def template(self, now: Tree, then: Tree) -> str:
        """See ConfigurationForm."""
        return "".join(f"{line}\n" for line in _template(self.rules(), now, then))

    def _commands(self, now: Tree, then: Tree) -> Iterable[str]:
        """See ConfigurationForm. Includes section exits. Raises RefusedError without such commands."""
        return commands_between(self.rules(), now, then)

    def recreated(self, now: Tree, then: Tree) -> tuple[Path, ...]:
        """See ConfigurationForm."""
        return tuple(recreated(self.rules(), now, then))

    def equivalent(self, one: Tree, other: Tree) -> bool:
        """See ConfigurationForm."""
        return equivalent(self.rules(), one, other)

    def _meaning(self, tree: Tree) -> list[object]:
        return meaning(self.rules(), tree)

    def addressed(self, tree: Tree, addresses: frozenset[str]) -> tuple[Addressed, ...]:
        """See ConfigurationForm. `standby 1 ip A` has a shared address and does not count."""
        holding = re.compile(rf"ip(?:v[46])? address ({'|'.join(map(re.escape, sorted(addresses)))})(?:[ /]|$)")
        found = {
            section: [match[1] for one in beneath if (match := holding.match(one))] for section, beneath in tree.items()
        }
        return tuple(Addressed(section, held[0], (section, *tree[section])) for section, held in found.items() if held)
