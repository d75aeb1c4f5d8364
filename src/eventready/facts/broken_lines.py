"""Lines broken in two by a log line in the middle of an answer."""

from __future__ import annotations

from dataclasses import replace

from eventready.facts.parsing.parsed import printable_line
from eventready.session.reply import Reply

#: Log lines in one answer that are tried as inside a line; each costs a parse.
BREAKS_TRIED = 32


def join_at(reply: Reply, place: int) -> tuple[Reply, set[str]]:
    """Return the reply with the lines before and behind a break joined, and both lines as they would be quoted.

    The same reply, and no lines, where nothing stands on one side.
    """
    lines = reply.text.split("\n")
    before = next((index for index in range(place - 1, -1, -1) if lines[index].strip()), None)
    behind = next((index for index in range(place, len(lines)) if lines[index].strip()), None)
    if before is None or behind is None:
        return reply, set()
    text = "\n".join([*lines[:before], lines[before] + lines[behind], *lines[behind + 1 :]])
    breaks = tuple(
        one if one <= before else max(before + 1, one - (behind - before)) for one in reply.breaks if one != place
    )
    return replace(reply, text=text, breaks=breaks), {printable_line(lines[before]), printable_line(lines[behind])}
