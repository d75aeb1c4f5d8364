"""Close a line with an announced secret: mask all words not known as harmless, to the end of the line.

The rules of `secret_forms` know where the value of a known form is. Here, a keyword of an unknown form, or words after
a value, are masked from the first word that is neither grammar nor a number. Descriptions are kept as they are.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path

#: Keywords that announce a secret, inside a word such as `community-map` or `idtoken`.
_STRONG = re.compile(
    r"passw(?:or)?d|passphrase|pass-phrase|passcode|passkey|auth_pass|secret|communit|credential|[a-z_-]token|token[_-]"
    r"|(?:^|[-_.])(?:pwd|psk)|(?:pwd|psk)$|key-?string"
    r"|(?:pre-?shared?|shared?|private|priv|auth|authentication|api|set|server|session|encryption|wep|md5|licen[cs]e"
    r"|cak|sak|confkey|wpa)[-_]?key(?!id)"
)
_BLOCKS = Path(__file__).with_name("secret_words.txt").read_text(encoding="utf-8").split("\n\n")
#: `context`: words before `key` and `community` that make them a secret's, or not; `safe`: words that stand around
#: keywords and values; `labels`: words after `key` in listings.
_HARMLESS, _KEY_CONTEXT, _BGP, _SAFE, _KEY_LABELS = (frozenset(block.split()[1:]) for block in _BLOCKS)
_WORD = re.compile(r"[A-Za-z][\w-]{0,63}")
_TOKEN = re.compile(r"\S{1,600}")
_EDGES = "\"'`()[]{}<>,;:.=+-!|*#%/"
_CLOSING = ("}", "]", ")")
_FIELD = re.compile(r"[\"']?[A-Za-z][\w.-]{0,63}[\"']?[ \t]{0,4}[:=]")
_NUMBER = re.compile(
    r"\d{1,6}(?:[.,]\d{1,6})?%?|\d{1,2}[dhms]|\d{1,3}(?:\.\d{1,3}){3}(?:/\d{1,2})?|(?=.*:.*:)[0-9a-f:]{3,39}(?:/\d{1,3})?"
)
_BGP_VALUE = re.compile(r"(?:[a-z-]{1,20}:)?\d{1,10}(?:\.\d{1,3}){0,3}:\d{1,10}(?::\d{1,10})?")
_DESCRIPTION = re.compile(
    r"\s{0,40}[+-]?\s{0,40}(?:description|remark)\b|\s{0,200}\"(?:description|desc|alias|remark)\"\s{0,4}:",
    re.IGNORECASE,
)
_SKIPPED = re.compile(
    r"\s{0,40}[+-]?\s{0,40}(?:description|remark)\b|\s{0,200}[{\[]?\s{0,40}\"[^\"]{0,80}\"\s{0,4}:", re.I
)


def close_line(line: str, mark: str, made: str) -> str:
    """Mask the rest of the line after a keyword or a masked value, and replace `made` by `mark`.

    `made` is the mark of a value that a rule has just masked: words after it belong to the value unless they are known.
    """
    if _SKIPPED.match(line):
        return line.replace(made, mark)
    words = _Words(line, mark, made)
    for start, kind in _starts(line, made):
        cut = words.first_unknown(start, kind)
        if cut is not None:
            line = line[:cut] + mark
            break
    return line.replace(made, mark)


def is_description(line: str) -> bool:
    """Return True for a description, kept unchanged."""
    return _DESCRIPTION.match(line) is not None


def is_keyword(name: str) -> bool:
    """Return True for the name of a secret field."""
    return name.lower() not in _HARMLESS and _STRONG.search(name.lower()) is not None


def _starts(line: str, made: str) -> Iterator[tuple[int, str]]:
    """Yield (offset behind, kind) of keywords and of freshly masked values, from left to right."""
    found = [(match.end(), _kind(match[0], line, match.start())) for match in _WORD.finditer(line)]
    at = line.find(made)
    while at >= 0:
        found.append((at + len(made), "value"))
        at = line.find(made, at + len(made))
    yield from sorted((start, kind) for start, kind in found if kind)


def _kind(word: str, line: str, at: int) -> str:
    lower = word.lower()
    if lower in _HARMLESS:
        return ""
    before = line[max(0, at - 40) : at].lower().split()
    last = before[-1].strip(_EDGES) if before else ""
    if "communit" in lower:
        return "" if last in _BGP else "community"
    if _STRONG.search(lower):
        harmless = word.isupper() and word.endswith("PSK")  # the name of a key management, as in WPA-PSK
        return "" if harmless or (last in ("no", "service") and lower == "password") else "strong"
    is_key = lower == "key" or lower.endswith(("-key", "_key"))
    return "key" if lower == "token" or (is_key and (not last or last in _KEY_CONTEXT)) else ""


class _Words:
    """Words of a line, each judged at most once per state: all keywords of a line together cost a single pass."""

    def __init__(self, line: str, mark: str, made: str) -> None:
        found = list(_TOKEN.finditer(line))
        self._line, self._marks = line, (mark, made)
        self._texts, self._starts = [match[0] for match in found], [match.start() for match in found]
        self._found: dict[tuple[int, str, bool, bool], int | None] = {}

    def first_unknown(self, start: int, kind: str) -> int | None:
        """Offset of the first unknown word after a keyword; None if all words are known."""
        at = bisect_right(self._starts, start) - 1
        joined = at >= 0 and start < self._starts[at] + len(self._texts[at])
        at += not joined
        if at == len(self._texts):
            return None
        begin = max(start, self._starts[at])
        token = self._texts[at][begin - self._starts[at] :]
        if joined and token[0] in "@/&":
            return None  # inside a URL
        masked = kind == "value"
        fields = masked or self._line[start : start + 3].lstrip(" \"'").startswith(("=", ":"))
        if self._is_masked(token):
            return self._following(at + 1, kind, fields=True, masked=True)
        if kind == "key" and token.strip(_EDGES).lower() in _KEY_LABELS:
            return None
        if not _known(token.strip(_EDGES).lower(), kind):
            return begin + len(token) - len(token.lstrip(_EDGES))
        return (
            None if masked and token.endswith(_CLOSING) else self._following(at + 1, kind, fields=fields, masked=masked)
        )

    def _following(self, at: int, kind: str, *, fields: bool, masked: bool) -> int | None:
        """Offset of the first unknown word from the word `at` on.

        `fields`: the next field has its own keyword and ends the search. `masked`: a masked value stands before.
        """
        passed: list[tuple[int, str, bool, bool]] = []
        result = None
        for number in range(at, len(self._texts)):
            state = (number, kind, fields, masked)
            if state in self._found:
                result = self._found[state]
                break
            passed.append(state)
            token, begin = self._texts[number], self._starts[number]
            if fields and _FIELD.match(self._line, begin):
                break
            if self._is_masked(token):
                masked = fields = True
            elif not _known(token.strip(_EDGES).lower(), kind):
                result = begin + len(token) - len(token.lstrip(_EDGES))
                break
            elif masked and token.endswith(_CLOSING):
                break
        self._found.update(dict.fromkeys(passed, result))
        return result

    def _is_masked(self, token: str) -> bool:
        return any(mark in token for mark in self._marks)


def _known(token: str, kind: str) -> bool:
    if not token or token in _SAFE:
        return True
    if kind == "community" and _BGP_VALUE.fullmatch(token):
        return True
    if kind == "key" and token.isalpha() and token.islower() and len(token) <= 12:
        return True
    if kind in ("strong", "community"):  # a password may be a number; the type of a ciphertext is a digit
        return len(token) == 1 or bool(_NUMBER.fullmatch(token) and not token.isdigit())
    return _NUMBER.fullmatch(token) is not None
