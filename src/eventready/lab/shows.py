"""What a show command gives, filters included, and what a device says to a command that it does not know."""

from __future__ import annotations

from eventready.lab.dialect import Dialect, View
from eventready.lab.machine import Machine
from eventready.lab.pipes import filtered, split_pipe


def shown(machine: Machine, command: str) -> str | None:
    """The text of a show command; None when the device does not know it."""
    dialect = machine.dialect
    found = dialect.rendering(command)
    piped = split_pipe(command) if found is None and dialect.pipes else None
    if piped:
        found = dialect.rendering(piped[0])
    if found is None:
        return None
    render, match = found
    said = render(View(machine, match))
    text = said if isinstance(said, str) else said.body
    return filtered(text, piped[1], piped[2]) if piped else text


def not_known(dialect: Dialect, command: str, prompt: str, *, hidden: bool) -> str:
    """The sentence for an incomplete or unknown command; a hidden one is unknown from its first word on."""
    words = command.split(" ")
    known = 0
    if not hidden:
        phrases = [key.split(" ") for key in dialect.shows if not key.startswith("/")]
        known = max((_shared(words, phrase) for phrase in phrases), default=0)
    if known == len(words):
        return dialect.errors.incomplete
    column = len(prompt) + len(" ".join(words[:known])) + bool(known)
    return dialect.errors.unknown.format(line=command, word=words[known], caret=" " * column + "^")


def _shared(words: list[str], phrase: list[str]) -> int:
    pairs = zip(words, phrase, strict=False)
    return next((at for at, (one, other) in enumerate(pairs) if one != other), min(len(words), len(phrase)))
