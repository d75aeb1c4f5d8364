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


#: Frames whose content is public.
_PUBLIC = re.compile(r"(?i)\b(?:certificate|public key|csr|request|crl|x509|dh parameters|signature|signed message)\b")
_BEGIN = re.compile(r"-{4,5} ?BEGIN (?P<label>[A-Za-z0-9 #.-]{1,60}?) ?-{4,5}")
_END = re.compile(r"-{4,5} ?END [^\n-]{0,60}-{4,5}")
_PUTTY = re.compile(r"(?m)^(?:PuTTY-User-Key-File-\d+:|Private-Lines:|Private-MAC:|Private-Hash:)")
#: Heading of a list of keys (`show crypto isakmp key`).
_KEY_HEADING = re.compile(r"\bPre-?shared Key[ \t]{0,40}\r?$")
#: A line of nothing but Base64, of the length that key files have, with letters of both cases and a digit.
_BASE64 = re.compile(r"(?=[^\n]{0,400}[a-z])(?=[^\n]{0,400}[A-Z])(?=[^\n]{0,400}\d)[A-Za-z0-9+/]{44,400}={0,2}")


#: Ends of lines whose secret stands on the next line, and the marks between.
_OPENING = (
    "password", "passwd", "passphrase", "secret", "key-string", "shared-key", "snmp-server community", "pswd", "psk",
    "psk_key", "token", "api-key", "api_key", "apikey", "private-key", "private_key", "wpa_psk", "workkey", "seckey",
)  # fmt: skip
_OPENING_MARKS = " \t\r:=|>\"'\\-0123456789"
_LONE = re.compile(r"[ \t]{0,200}(?:- )?[\"']?(?P<value>[^\s\"'<]{1,512})[\"']?;?(?:</[\w-]{1,64}>)?[ \t\r]{0,40}")
#: A line of hostapd's file of keys: an address, with fields before it, then the key.
_PSK_LINE = re.compile(
    r"(?i)\A((?:[a-z]{1,16}=\S{1,64}[ \t]{1,8}){0,4}(?:[0-9a-f]{2}:){5}[0-9a-f]{2}[ \t]{1,8})"
    r"(?!<)[^\s<]{8,64}(?=[ \t\r]{0,8}$)"
)
#: The end of a long line of Base64, and the short last line below.
_LONG = 44
_BASE64_LONG = re.compile(r"[A-Za-z0-9+/]{44}")
_BASE64_END = re.compile(r"\A(?=[^\n]{0,44}[A-Z0-9+/=])[A-Za-z0-9+/]{1,43}={0,2}(?=[ \t\r]{0,8}$)")


def hide_blocks(text: str, mark: str) -> str:
    """Return the text with private blocks replaced by the mark; a block without an end ends with the text."""
    text = _lines(_opened(text, mark), mark)
    if "BEGIN " in text:
        text = _framed(text, mark)
    if "hared Key" in text:
        text = _listed(text, mark)
    if "Private-Lines:" in text or "PuTTY-User-Key-File-" in text:
        text = _putty(text, mark)
    return text


def begins_block(line: str) -> bool:
    """Return True for the first line of a block for `hide_blocks`; some have a word of a rule instead."""
    return "BEGIN " in line or "Private-Lines:" in line or _ends_in_base64(line) or _has_key_of_address(line)


def _ends_in_base64(line: str) -> bool:
    return len(line) >= _LONG and _BASE64_LONG.fullmatch(line, len(line) - _LONG) is not None


def _has_key_of_address(line: str) -> bool:
    return line.count(":") > 4 and _PSK_LINE.match(line) is not None


def _lines(text: str, mark: str) -> str:
    """Mask the ends of Base64 below its long lines, and keys behind an address."""
    lines = text.split("\n")
    long = [n for n, line in enumerate(lines) if _ends_in_base64(line)]
    found = {n + 1: _BASE64_END.sub(mark, lines[n + 1]) for n in long if n + 1 < len(lines)}
    for number, line in enumerate(lines):
        if line.count(":") > 4:
            found[number] = _PSK_LINE.sub(rf"\1{mark}", found.get(number, line))
    return "\n".join([found.get(number, line) for number, line in enumerate(lines)]) if found else text


def _opened(text: str, mark: str) -> str:
    """Mask the lone word below a keyword at the end of a line, after `:`, `=` or a tag, or indented deeper."""
    lines = text.split("\n")
    for number, line in enumerate(lines[:-1]):
        bare = line.rstrip(_OPENING_MARKS)
        if not bare[-24:].lower().endswith(_OPENING):
            continue
        following, ending = lines[number + 1], line[len(bare) :]
        lone = _LONE.fullmatch(following)
        if lone and (set(":=>\\") & set(ending) or ' "' in ending or _indent(following) > _indent(line)):
            lines[number + 1] = following[: lone.start("value")] + mark + following[lone.end("value") :]
    return "\n".join(lines)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _framed(text: str, mark: str) -> str:
    parts: list[str] = []
    at = 0
    while begin := _BEGIN.search(text, at):
        end = _END.search(text, begin.end())
        stop = end.start() if end else len(text)
        public = _PUBLIC.search(begin["label"]) and not re.search(r"(?i)private|pkcs ?#?12", begin["label"])
        parts += [text[at : begin.end()], text[begin.end() : stop] if public else f"\n{mark}\n"]
        at = stop
        if end is None:
            break
        parts.append(end[0])
        at = end.end()
    return "".join([*parts, text[at:]]) if parts else text


def _listed(text: str, mark: str) -> str:
    """Mask the last word of each row below a heading with `Preshared Key` at its end, up to a blank line."""
    lines = text.split("\n")
    listing = rows = False
    for number, line in enumerate(lines):
        if _KEY_HEADING.search(line):
            listing, rows = True, False
        elif not line.strip():
            listing = listing and not rows
        elif listing and set(line.strip()) - set("-= "):
            rows = True
            lines[number] = line.rstrip().removesuffix(line.split()[-1]) + mark
    return "\n".join(lines)


def _putty(text: str, mark: str) -> str:
    """A PuTTY key file ends with its MAC; all after `Private-Lines:` or `Private-MAC:` is private."""
    lines = text.split("\n")
    private = False
    for number, line in enumerate(lines):
        found = _PUTTY.match(line)
        if found and found[0] in ("Private-Lines:", "Private-MAC:", "Private-Hash:"):
            private = found[0] == "Private-Lines:"
            lines[number] = f"{found[0]} {mark}"
        elif private and line.strip():
            lines[number] = mark
    return "\n".join(lines)


def is_key_material(line: str) -> bool:
    """Return True for a line of nothing but Base64."""
    return len(line) >= _LONG and _BASE64.fullmatch(line.strip()) is not None
