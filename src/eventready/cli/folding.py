"""Width of the console, and folded lines; commands stay whole."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from textwrap import wrap

from eventready.cli.commands import COMMANDS
from eventready.core.strings.texts import lines_of

#: Columns of a file or a pipe where no terminal is known.
_WIDTH, _UNKNOWN = 120, 80
#: A command line in a sentence up to a mark, and text between backquotes: for a shell, never broken.
_WHOLE = re.compile(
    rf"`[^`]*`|(?<![\w./-])eventready (?:-w (?:'[^']*'|\S+) )?(?:{'|'.join(COMMANDS)})\b(?: [^\s,;()]+)*"
)
#: In place of a space that is no end of a line.
_SPACE = "\0"


def width() -> int:
    """Columns of `COLUMNS`, else of the terminal of any stream, of a pipe too."""
    given = os.environ.get("COLUMNS", "")
    if given.isdecimal() and int(given):
        return int(given)
    for stream in (1, 2, 0):
        with suppress(OSError):
            return os.get_terminal_size(stream).columns or _UNKNOWN
    return _WIDTH


def fold(lines: Iterable[str], hanging: str = "  ") -> Iterator[str]:
    """Break lines between words at the width, further lines indented by `hanging` more; never a command."""
    columns = width()
    for line in lines:
        if len(line) <= columns:
            yield line.rstrip()
            continue
        indent = line[: len(line) - len(line.lstrip())]
        whole = _WHOLE.sub(lambda found: found[0].replace(" ", _SPACE), line.strip())
        for folded in wrap(
            whole, columns, initial_indent=indent, subsequent_indent=indent + hanging,
            break_long_words=False, break_on_hyphens=False,
        ):  # fmt: skip
            yield folded.replace(_SPACE, " ")


def folded(text: str) -> str:
    """Fold the lines of a text."""
    return "\n".join(fold(lines_of(text)))
