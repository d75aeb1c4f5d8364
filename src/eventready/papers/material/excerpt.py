"""Excerpt of a raw output: the lines in support of a finding."""

from __future__ import annotations

import re
from collections.abc import Iterable

from eventready.core.language import Language, clean
from eventready.core.strings.texts import lines_of

#: Shorter outputs are shown whole.
WHOLE = 30

#: Lines shown of a longer one, and how far a line may run.
LINES, WIDTH = 40, 180

#: Lines before and after one that names the subject; the first lines are a table's head.
AROUND, HEAD = 1, 4


def excerpt(text: str, subjects: Iterable[str], language: Language) -> tuple[str, bool]:
    """Return the lines with the name of a subject, with the head of the output, and a flag for omitted lines."""
    lines = [clean(line[: WIDTH * 2], keep="\t") for line in lines_of(text)]
    chosen = list(range(len(lines))) if len(lines) <= WHOLE else _choose(lines, subjects)
    shown: list[str] = []
    last = -1
    for index in chosen:
        if index > last + 1:
            shown.append(_gap(index - last - 1, language))
        shown.append(_short(lines[index]))
        last = index
    if last < len(lines) - 1:
        shown.append(_gap(len(lines) - 1 - last, language))
    cut = len(chosen) < len(lines) or any(len(line) > WIDTH for line in lines)
    return "\n".join(shown), cut


def _choose(lines: list[str], subjects: Iterable[str]) -> list[int]:
    words = {word for subject in subjects for word in _words(subject)}
    wanted = set(range(HEAD))
    if words:
        named = re.compile("|".join(rf"(?<![\w.]){re.escape(word)}(?!\w)" for word in sorted(words)), re.I)
        for index, line in enumerate(lines):
            if len(wanted) >= LINES:
                break
            if named.search(line):
                wanted |= set(range(max(0, index - AROUND), min(len(lines), index + AROUND + 1)))
    if len(wanted) <= HEAD:
        wanted = set(range(WHOLE))
    return sorted(wanted)[:LINES]


def _words(subject: str) -> Iterable[str]:
    """Yield the subject as a whole and its parts usable as names: with a digit, at least three characters."""
    subject = clean(subject).strip()
    if len(subject) >= 3:
        yield subject
    yield from (part for part in subject.split() if len(part) >= 3 and any(c.isdigit() for c in part))


def _short(line: str) -> str:
    return line if len(line) <= WIDTH else line[:WIDTH] + " …"


def _gap(count: int, language: Language) -> str:
    return f"  ⋯ {language.phrase('page:lines_left_out', count=count)}"
