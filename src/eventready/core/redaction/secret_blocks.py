"""Blocks of private key material (PEM, OpenSSH, PGP, SSH2, PuTTY, PKCS #12, plain Base64) and lists of keys."""

from __future__ import annotations

import re

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
