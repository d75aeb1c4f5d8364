"""Two or more examples per command, shown in its help and in the documentation."""

from __future__ import annotations

from pathlib import Path

_BLOCKS = Path(__file__).with_suffix(".txt").read_text(encoding="utf-8").split("\n\n")
#: Examples by command, from `examples.txt`: a block per command, an indented line per example.
EXAMPLES = {head: tuple(map(str.strip, lines)) for head, *lines in map(str.splitlines, _BLOCKS)}
