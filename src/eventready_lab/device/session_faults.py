"""Faults of the sessions on a device: delays, dropped and hanging sessions, refused lines, unreadable answers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal


@dataclass
class LineFault:
    """A fault at a typed line: the line is refused, or the session drops or hangs.

    pattern: searched in the line; empty: any configuration line.
    number: position among the matching lines, from 1; 0: every matching line.
    executed: the device executes the line before the session drops or hangs.
    seen: matching lines so far.
    """

    kind: Literal["refuse", "drop", "hang"]
    pattern: str = ""
    number: int = 0
    executed: bool = False
    seen: int = 0

    def triggers(self, line: str, *, configuring: bool) -> bool:
        """Count a matching line; True when the fault occurs at this line."""
        if not (re.search(self.pattern, line) if self.pattern else configuring):
            return False
        self.seen += 1
        return self.number in (0, self.seen)


@dataclass
class SessionFaults:
    """The faults of a device's sessions. All off: a healthy session."""

    delay_s: float = 0.0  # before each answer
    echo_s: float = 0.0  # before the echo of each line
    hang: bool = False  # commands are accepted and never answered
    silent: bool = False  # connections are accepted and nothing is sent
    drop_after: int = 0  # the session ends at this command, counted from 1
    garbage: bool = False  # answers are no text
    other_key: bool = False  # another host key than the recorded one
    truncated: bool = False  # answers end in the middle, followed by the prompt
    auth_refused: bool = False  # every password is refused
    pager_stuck: bool = False  # paging cannot be switched off
    log_in_prompt: bool = False  # a log line interrupts the prompt
    save_fails: bool = False  # the configuration cannot be saved
    lines: tuple[LineFault, ...] = ()

    def at_line(self, line: str, *, configuring: bool) -> LineFault | None:
        """Return the fault of a typed line; `configuring`: the line changes the configuration."""
        return next((fault for fault in self.lines if fault.triggers(line, configuring=configuring)), None)
