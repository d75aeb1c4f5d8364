"""The running, candidate and startup configuration of a device."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence

from eventready_lab.device.configuration.grammar import Grammar, edit
from eventready_lab.device.configuration.tree import Tree


class ConfigStore:
    """The configurations of a device. `changed` is called after every change of the running configuration.

    `stored`: the running configuration is the startup configuration too.
    """

    def __init__(
        self,
        initial: Tree,
        grammar: Grammar,
        *,
        candidate: bool,
        changed: Callable[[ConfigStore], None],
        stored: bool = False,
    ) -> None:
        self.grammar = grammar
        self.running = grammar.canonical(initial)
        self.startup = copy.deepcopy(self.running)
        self._has_candidate = candidate
        self._candidate: Tree | None = None
        self._changed, self._stored = changed, stored

    @property
    def pending(self) -> bool:
        """True when the candidate differs from the running configuration."""
        return self._candidate is not None and self._candidate != self.running

    @property
    def candidate(self) -> Tree:
        """The running configuration after a commit."""
        return self.running if self._candidate is None else self._candidate

    @property
    def saved(self) -> bool:
        """True when the startup configuration equals the running configuration."""
        return self.running == self.startup

    @property
    def has_candidate(self) -> bool:
        """True when changes need a commit."""
        return self._has_candidate

    def section(self, path: Sequence[str]) -> Tree:
        """A section of the edited configuration; empty for an absent section."""
        here = self.candidate
        for step in path:
            here = here.get(step, {})
        return here

    def put(self, path: Sequence[str], section: Tree, mode: str) -> None:
        """Replace the content of a section."""
        if self._has_candidate and self._candidate is None:
            self._candidate = copy.deepcopy(self.running)
        here = self.candidate
        for step in path:
            here = here.setdefault(step, {})
        kept = self.grammar.ordered(dict(section), mode)
        here.clear()
        here.update(kept)
        if not self._has_candidate:
            self._finish()

    def edit(self, path: Sequence[str], line: str, mode: str = "config") -> bool:
        """Execute a line on the candidate if the platform has candidates, else on the running configuration.

        False for the negation of an absent line.
        """
        if self._has_candidate:
            if self._candidate is None:
                self._candidate = copy.deepcopy(self.running)
            return edit(self._candidate, path, line, self.grammar, mode)
        done = edit(self.running, path, line, self.grammar, mode)
        self._finish()
        return done

    def commit(self) -> bool:
        """Make the candidate the running configuration; False without changes."""
        if not self.pending or self._candidate is None:
            self._candidate = None
            return False
        self.running, self._candidate = self._candidate, None
        self._finish()
        return True

    def _finish(self) -> None:
        if self._stored:
            self.startup = copy.deepcopy(self.running)
        self._changed(self)

    def discard(self) -> None:
        """Drop the candidate."""
        self._candidate = None

    def save(self) -> None:
        """Copy the running to the startup configuration."""
        self.startup = copy.deepcopy(self.running)
        self._finish()

    def mark_unsaved(self) -> None:
        """Remove the last line from the startup configuration: the running configuration then differs."""
        self.startup = copy.deepcopy(self.running)
        if self.startup:
            self.startup.popitem()

    def replace(self, tree: Tree) -> None:
        """Replace the running configuration and drop the candidate, as a restore or a restart does."""
        self.running, self._candidate = self.grammar.canonical(copy.deepcopy(tree)), None
        self._finish()

    def rewrite(self, running: Tree, startup: Tree) -> None:
        """Replace running and startup configuration."""
        self.startup = self.grammar.canonical(startup)
        self.replace(running)

    def restart(self) -> None:
        """Load the startup configuration."""
        self.replace(self.startup)
