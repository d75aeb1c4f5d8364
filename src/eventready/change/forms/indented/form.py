"""Configurations of indented sections, the object of the form: most routers, and base stations."""

from __future__ import annotations

import re
from collections.abc import Iterable

from eventready.change.errors import FragmentError
from eventready.change.forms.form import Addressed, Parsed
from eventready.change.forms.fragment import SECTION_EXITS, Fragment, mention
from eventready.change.forms.indented.commands import commands_between, recreated
from eventready.change.forms.indented.meaning import equivalent, meaning
from eventready.change.forms.indented.merge import merge
from eventready.change.forms.lines import LineForm
from eventready.change.forms.tree import Path, Tree, dedent_sections, significant_lines, subtree
from eventready.core.messages import message


class IndentedForm(LineForm):
    """Operations on configurations of indented sections."""

    def _laid_out(self, text: str) -> str:
        return dedent_sections(text, self.spec.separators)

    def _parse_template(self, text: str, origin: str) -> Parsed:
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
