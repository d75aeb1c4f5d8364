"""Names of operators in keys and bundles: Latin letters, no two similar in appearance."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from eventready.core.errors import UsageError
from eventready.core.messages import message
from eventready.core.strings.phrases import tidy

#: Longest name of an operator, in characters.
LONGEST = 200

#: Characters beside letters and digits.
_PUNCTUATION = frozenset(" .,;:&()'\"/+-_|<>–")

#: Letters and groups of letters of one shape in common fonts; capital I was folded to i before.
_SHAPES = (("0", "o"), ("1", "l"), ("i", "l"), ("đ", "d"), ("rn", "m"), ("vv", "w"))
_MARKS = re.compile(r"[^a-z0-9]")


def operator_name(text: str, where: str = "") -> str:
    """The name, tidied. Raises UsageError for an empty or long name, and for characters outside the Latin script."""
    name = tidy(text, "name of the operator")
    if not name:
        raise UsageError(message("workspace:operator.none"), where=where)
    if len(name) > LONGEST:
        raise UsageError(message("workspace:operator.long", limit=LONGEST), where=where)
    foreign = next((letter for letter in name if not _allowed(letter)), None)
    if foreign is not None:
        code = f"U+{ord(foreign):04X} {unicodedata.name(foreign, 'unnamed')}"
        raise UsageError(message("workspace:operator.letter", code=code), where=where)
    return name


def shape(name: str) -> str:
    """Return a name without case, marks and blanks, and a common letter for letters of the same shape; for comparison
    only."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    for look, letter in _SHAPES:
        plain = plain.replace(look, letter)
    return _MARKS.sub("", plain)


def check_names(names: Iterable[str], where: str = "") -> None:
    """Raise UsageError for two different names of similar appearance."""
    seen: dict[str, str] = {}
    for name in sorted(set(names)):
        other = seen.setdefault(shape(name), name)
        if other != name:
            raise UsageError(message("workspace:operator.alike", other=other, name=name), where=where)


def _allowed(letter: str) -> bool:
    """True for a letter of Vietnamese and other Latin alphabets, for a digit, and for common punctuation."""
    if letter in _PUNCTUATION or (letter.isascii() and letter.isalnum()):
        return True
    base = unicodedata.normalize("NFD", letter)[0]
    return (base.isascii() and base.isalpha()) or letter in "đĐ"
