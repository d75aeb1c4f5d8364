"""Ask a person for a single-use code on the terminal."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from pathlib import Path
from threading import Lock

from eventready.core.messages import message
from eventready.core.strings.terminal_text import visible
from eventready.session.reply import LoginRefused

TERMINAL = Path("/dev/tty")
_one_question = Lock()
#: Reads a line without echo; replaceable by a user interface that owns the terminal.
read_line: Callable[[str], str] = getpass.getpass


def ask_on_terminal(question: str) -> str:
    """Return the line typed for `question`, a single question at a time. Raises LoginRefused without a terminal."""
    with _one_question:
        try:
            with TERMINAL.open("r", encoding="utf-8"):
                pass
            return read_line(f"{visible(question.strip())} ").strip()
        except (OSError, EOFError):
            raise LoginRefused(message("session:one_time_code")) from None
