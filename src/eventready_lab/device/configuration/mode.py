"""Configuration mode of a session: the open sections, and the section of a typed line."""

from __future__ import annotations

import re
from dataclasses import dataclass

from eventready_lab.device.configuration.grammar import Section
from eventready_lab.device.configuration.store import ConfigStore


@dataclass(frozen=True)
class _OpenSection:
    line: str
    section: Section
    label: str


class ConfigurationSession:
    """The open sections of a session in configuration mode. `answer` is the device's answer to the last line."""

    def __init__(self, store: ConfigStore) -> None:
        self._store = store
        self._open: list[_OpenSection] = []
        self.answer = ""

    @property
    def mode(self) -> str:
        """The current mode: `config`, or the mode of the innermost open section."""
        return self._mode_at(len(self._open))

    @property
    def section(self) -> str:
        """The labels of the open sections, as prompts show them."""
        return "-".join(opened.label for opened in self._open if opened.label)

    def _mode_at(self, depth: int) -> str:
        return self._open[depth - 1].section.mode if depth else "config"

    def close_section(self) -> bool:
        """Close the innermost section; False when none is open."""
        if not self._open:
            return False
        self._open.pop()
        return True

    def execute(self, line: str) -> bool:
        """Execute a configuration line in the innermost section with this command; return False without such a
        section."""
        for depth in self._depths():
            opened = self._store.grammar.opened_by(line, self._mode_at(depth))
            if opened:
                stored = self._edit(depth, line)
                if stored:
                    self._open.append(_OpenSection(stored, *opened))
                return True
        depth_of_line = self._depth_of(line)
        if depth_of_line is None:
            return False
        self._edit(depth_of_line, line)
        return True

    def _edit(self, depth: int, line: str) -> str:
        """Execute a line. Return the line in the device's stored form, or an empty string for a rejected line."""
        del self._open[depth:]
        store, path, mode = self._store, [opened.line for opened in self._open], self.mode
        if error := store.grammar.unmet_requirement(line, store.candidate):
            self.answer = error
            return ""
        interpret = store.grammar.interpret
        accepted = interpret(mode, store.section(path), line) if interpret else None
        if accepted and accepted.section is not None:
            store.put(path, accepted.section, mode)
        if accepted and not accepted.line:
            self.answer = accepted.answer
            return "" if accepted.section is None else line
        line = accepted.line if accepted else line
        done = store.edit(path, line, mode)
        answer = "" if done else store.grammar.absent_message(store.grammar.bare(line)[0])
        self.answer = accepted.answer if accepted else answer
        return line

    def _depths(self) -> range:
        """Numbers of open sections to try for a line, from the innermost outwards."""
        here = len(self._open)
        return range(here, -1 if self._store.grammar.leaves_sections else here - 1, -1)

    def _depth_of(self, line: str) -> int | None:
        """The number of open sections around a line; None for an unknown line."""
        grammar = self._store.grammar
        bare, _ = grammar.bare(line)
        if any(re.fullmatch(pattern, bare) for pattern in grammar.top_level):
            return 0
        return next((depth for depth in self._depths() if grammar.known(line, self._mode_at(depth))), None)
