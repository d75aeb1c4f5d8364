"""Two or more examples per command, shown in its help and in the documentation."""

from __future__ import annotations

from eventready.cli.blocks import blocks

#: Examples by command.
EXAMPLES = blocks("examples.txt")
