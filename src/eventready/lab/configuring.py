"""Configuration mode of one session: which sections are open, and where a typed line belongs."""

from __future__ import annotations

import re
from dataclasses import dataclass

from eventready.lab.configuration import ConfigStore, Section


@dataclass(frozen=True)
class _Open:
    line: str
    section: Section
    label: str


class Configuring:
    """A stack of open sections over a device's configuration. `answer` is what the device says to the last line."""

    def __init__(self, store: ConfigStore) -> None:
        self._store = store
        self._open: list[_Open] = []
        self.answer = ""

    @property
    def mode(self) -> str:
        """The current mode: `config`, or that of the innermost open section."""
        return self._mode_at(len(self._open))

    @property
    def section(self) -> str:
        """The labels of the open sections, as prompts show them."""
        return "-".join(opened.label for opened in self._open if opened.label)

    def _mode_at(self, depth: int) -> str:
        return self._open[depth - 1].section.mode if depth else "config"

    def up(self) -> bool:
        """Close the innermost section; False when none is open."""
        if not self._open:
            return False
        self._open.pop()
        return True

    def take(self, line: str) -> bool:
        """Carry out a configuration line, leaving sections that do not know it; False when no open mode knows it."""
        for depth in self._depths():
            opened = self._store.grammar.opened_by(line, self._mode_at(depth))
            if opened:
                stands = self._edit(depth, line)
                if stands:
                    self._open.append(_Open(stands, *opened))
                return True
        known_at = self._depth_for(line)
        if known_at is None:
            return False
        self._edit(known_at, line)
        return True

    def _edit(self, depth: int, line: str) -> str:
        """Carry a line out; as what it stands then, empty where it was refused."""
        del self._open[depth:]
        store, path, mode = self._store, [opened.line for opened in self._open], self.mode
        if lacks := store.grammar.lacks(line, store.candidate):
            self.answer = lacks
            return ""
        means = store.grammar.means
        taken = means(mode, store.section(path), line) if means else None
        if taken and taken.section is not None:
            store.put(path, taken.section, mode)
        if taken and not taken.line:
            self.answer = taken.says
            return "" if taken.section is None else line
        line = taken.line if taken else line
        done = store.edit(path, line, mode)
        said = "" if done else store.grammar.why_missing(store.grammar.bare(line)[0])
        self.answer = taken.says if taken else said
        return line

    def _depths(self) -> range:
        """How many sections stay open when a line is looked for, from where it is typed outwards."""
        here = len(self._open)
        return range(here, -1 if self._store.grammar.climbs else here - 1, -1)

    def _depth_for(self, line: str) -> int | None:
        """How deep in the open sections the line belongs."""
        grammar = self._store.grammar
        bare, _ = grammar.bare(line)
        if any(re.fullmatch(pattern, bare) for pattern in grammar.top_level):
            return 0
        return next((depth for depth in self._depths() if grammar.known(line, self._mode_at(depth))), None)
