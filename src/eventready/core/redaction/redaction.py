"""Redact secrets in every text of a session and every log line.

Three methods: known values (resolved credentials), keywords that precede a secret (`password: x`, `PWD="x"`,
`community x`), and the forms of secrets in configurations and ciphertexts. Every pattern has bounded repetition, so
hostile text costs linear time; redaction is idempotent.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from math import inf
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import Any
from urllib.parse import quote

from eventready.core.redaction.secret_lines import (
    begins_block,
    close_line,
    hide_blocks,
    is_description,
    is_key_material,
    is_keyword,
)
from eventready.core.strings.json_text import parse_json
from eventready.core.strings.terminal_text import visible
from eventready.core.strings.texts import lines_of


@dataclass(frozen=True)
class Rule:
    """Rule for lines with any of `words` (lower case); its group `value` is the secret."""

    words: tuple[str, ...]
    pattern: re.Pattern[str]


def _rule(words: str, pattern: str) -> Rule:
    return Rule(tuple(words.split("|")), re.compile(pattern, re.IGNORECASE))


def _rules() -> Iterator[Rule]:
    """Yield the rules of `secret_forms.txt`."""
    words, parts = "", dict[str, str]()
    for line in lines_of(Path(__file__).with_name("secret_forms.txt").read_text(encoding="utf-8")):
        name, is_part, part = line.partition(" := ")
        pattern = re.sub("<([A-Z_]+)>", lambda found: parts[found[1]], part or line.removeprefix("  "))
        if is_part:
            parts[name] = pattern
        elif line.startswith("  "):
            yield _rule(words, pattern)
        else:
            words = line


#: Ciphertexts by their own shape: crypt(3), Cisco 8 and 9, Huawei; passwords in URLs.
CIPHERTEXTS: tuple[Rule, ...] = (
    _rule("$", r"(?P<value>\$(?:1|5|6|7|8|9|14|2[aby]|y|gy|apr1|argon2id?|scrypt)\$[./A-Za-z0-9$]{8,256})"),
    _rule("%^%#|%$%$|%@%@", r"(?P<value>(?P<fence>%\^%#|%\$%\$|%@%@)[^\n]{1,256}?(?P=fence))"),
    # a password with @ or / of its own reaches to the last @ before the host
    _rule("://", r"://[^\s:@/]{0,128}:(?P<value>[^\s\"'<>]{1,256})@(?=[\w.\[-])"),
)
RULES = (*_rules(), *CIPHERTEXTS)


REDACTED = "<redacted>"

#: Known values of this length are replaced anywhere; shorter ones only as whole words, because replacing "pw" in "pwd"
#: would damage the text that facts are read from.
MIN_SUBSTRING_LENGTH = 8

#: Characters of the beginning of a value, and beginnings above which these are looked up instead of the values: ten
#: thousand passwords take 100 ms to seek in the replies of a device, and 5 ms by their beginnings.
_START, _MANY = 6, 256

_KEEP = re.compile(re.escape(REDACTED))
#: Marks a value that a rule has masked until its line is closed; texts have no NUL.
_MADE = "\x00"
#: Words of the rules, and those that close a line.
_WORDS = tuple({word for rule in RULES for word in rule.words} | {"passcode", "passkey", "credential", "key", "token"})
_ANY_WORD = re.compile("|".join(map(re.escape, _WORDS)), re.IGNORECASE)
_FIRST_WORD = re.compile(r"^([ \t]{0,200})(?!<redacted>)\S{1,1024}")
#: Longer lines are not searched by rules, whose cost would be minutes for megabytes.
_MAX_LINE = 8_192


class RedactedTooLong(Exception):
    """The search for secrets in a text was ended at its limit."""


@dataclass
class Redactor:
    """Redact texts by known values and rules. Thread-safe."""

    _values: set[str] = field(default_factory=set, repr=False)
    _short: frozenset[str] = field(default=frozenset(), repr=False)
    _starts: dict[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def register(self, secret: str) -> None:
        """Add a known value, with its forms in JSON, repr and URLs."""
        if not secret or not secret.strip() or secret in self._values:
            return
        forms = {secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], repr(secret)[1:-1]}
        forms.add(quote(secret, safe=""))
        with self._lock:
            for form in forms - self._values:
                if len(start := form[:_START]) < _START:
                    self._short |= {form}
                else:
                    self._starts[start] = (*self._starts.get(start, ()), form)
            self._values |= forms

    def redact(self, text: str) -> str:
        """Return `text` without secrets. Linear in its length; idempotent."""
        return self.redact_until(text, inf)

    def redact_until(self, text: str, until: float) -> str:
        """Return `text` without secrets. Raises RedactedTooLong after `until`, of the monotonic clock."""
        return _settled(text, self._known, until)

    def kept_and_printed(self, text: str, until: float = inf) -> tuple[str, str]:
        """Return `text` without secrets, to be kept, and with the known values, for the reading of facts.

        A password may be a word that the device prints for something else: `cisco` in the name of its model.
        Raises RedactedTooLong after `until`, of the monotonic clock.
        """
        printed = _settled(text, str, until)
        return (self.redact_until(printed, until) if self._known(printed) != printed else printed), printed

    def without_long(self, text: str) -> str:
        """Return `text` without the known values too long for a word of anything else."""
        return self._known(text, MIN_SUBSTRING_LENGTH)

    def _known(self, text: str, shortest: int = 0) -> str:
        found = (value for value in self._candidates(text) if len(value) >= shortest and value in text)
        present = sorted(found, key=len, reverse=True)
        if not present:
            return text
        words = "|".join(_literal(value) for value in present)
        return re.sub(f"{_KEEP.pattern}|{words}", REDACTED, text)

    def _candidates(self, text: str) -> Iterator[str]:
        """Known values with their beginning in a text, or all of a few."""
        starts = self._starts
        if len(starts) > _MANY:
            found = {text[at : at + _START] for at in range(len(text))}
            return chain(self._short, *(starts[start] for start in found if start in starts))
        return chain(self._short, *list(starts.values()))


def _settled(text: str, without_known: Callable[[str], str], until: float) -> str:
    for _ in range(4):  # the output of one rule may match another rule
        cleaned = _once(text, without_known, until)
        if cleaned == text:
            return cleaned
        text = cleaned
    return text


def _once(text: str, without_known: Callable[[str], str], until: float) -> str:
    suspects = _suspects(text.split("\n"))
    known = without_known(hide_blocks(text, REDACTED) if suspects else text)
    if known == text and not suspects:
        return text
    cleaned = _patterns(known, until)
    return _continued(known, cleaned) if "\\\n" in known and cleaned != known else cleaned


def _literal(value: str) -> str:
    escaped = re.escape(value)
    return escaped if len(value) >= MIN_SUBSTRING_LENGTH else rf"(?<![^\W_]){escaped}(?![^\W_])"


#: Cache of lines without any rule's words and without the beginning of a block: of a thousand lines of similar devices
#: about a hundred are new. Any thread may add lines; it is cleared at its size limit.
_harmless: set[str] = set()
_MAX_HARMLESS, _MAX_HARMLESS_LENGTH = 20_000, 200


def _suspects(lines: list[str]) -> set[str]:
    """Return the lines with a word of a rule, key material, or the beginning of a block."""
    fresh = set(lines).difference(_harmless)
    whole = "\n".join(fresh).lower()
    words = [word for word in _WORDS if word in whole]
    suspects = {line for line in fresh if any(word in line.lower() for word in words)} if words else set()
    suspects |= {line for line in fresh if is_key_material(line) or begins_block(line)}
    if len(_harmless) > _MAX_HARMLESS:
        _harmless.clear()
    _harmless.update(line for line in fresh - suspects if len(line) <= _MAX_HARMLESS_LENGTH)
    return suspects


def _patterns(text: str, until: float) -> str:
    lines, cleaned = text.split("\n"), dict[str, str]()
    for line in _suspects(lines):
        if monotonic() > until:
            raise RedactedTooLong
        cleaned[line] = _line(line)
    return "\n".join([cleaned.get(line, line) for line in lines]) if cleaned else text


def _continued(before: str, after: str) -> str:
    """Mask the first word of the continuation of a masked value: the line before ended with a backslash."""
    lines = after.split("\n")
    for number, line in enumerate(before.split("\n")[:-1]):
        if line.rstrip("\r").endswith("\\") and lines[number].rstrip('\\\r"').endswith(REDACTED):
            lines[number + 1] = _FIRST_WORD.sub(rf"\g<1>{REDACTED}", lines[number + 1], count=1)
    return "\n".join(lines)


def _line(line: str) -> str:
    line = line.replace(_MADE, "")
    if len(line) > _MAX_LINE:
        return _long_line(line)
    if is_key_material(line):
        return REDACTED
    lowered = line.lower()
    for rule in CIPHERTEXTS if is_description(line) else RULES:
        if any(word in lowered for word in rule.words):
            line = rule.pattern.sub(_mask, line)
    return close_line(line, REDACTED, _MADE)


def _long_line(line: str) -> str:
    """Redact a long line: JSON field by field, other text from the first keyword on."""
    try:
        document = parse_json(line)
    except ValueError:
        found = _ANY_WORD.search(line)
        return line if found is None or line.endswith(REDACTED) else line[: found.start()] + REDACTED
    return json.dumps(_fields(document, ""), ensure_ascii=False, separators=(",", ":"))


def _fields(value: Any, name: str) -> Any:
    """Mask the texts of fields named like a secret in a JSON document."""
    if isinstance(value, dict):
        return {key: _fields(inner, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [_fields(inner, name) for inner in value]
    if not isinstance(value, str):
        return value
    return REDACTED if is_keyword(name) else "\n".join(_line(part[:_MAX_LINE]) for part in value.split("\n"))


def _mask(match: re.Match[str]) -> str:
    whole, start = match[0], match.start()
    begin, end = match.start("value") - start, match.end("value") - start
    value = whole[begin:end]
    if REDACTED in value or _MADE in value:
        return whole
    edge = value[0] if value[:1] in "\"'" and len(value) > 1 and value[-1] == value[0] else ""
    return f"{whole[:begin]}{edge}{_MADE}{edge}{whole[end:]}"


#: The redactor of the process.
redactor = Redactor()
register: Callable[[str], None] = redactor.register
redact: Callable[[str], str] = redactor.redact
kept_and_printed = redactor.kept_and_printed


class RedactingFilter(logging.Filter):
    """Logging filter for handlers: redact messages and tracebacks, escape control characters; a line per message."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact message, traceback and stack in place; never drop a record."""
        try:
            message = record.getMessage()
        except Exception:  # a malformed log call must neither lose the line nor show its arguments
            message = f"{record.name}: a log message that does not fit its arguments"
        record.msg, record.args = visible(redact(message), lines=False), None
        if record.exc_info:
            record.exc_text = visible(redact(record.exc_text or logging.Formatter().formatException(record.exc_info)))
        if record.stack_info:
            record.stack_info = visible(redact(record.stack_info))
        return True


def guard_logging() -> None:
    """Add the filter to the present handlers of the root logger and of the used libraries."""
    for name in ("", "eventready", "netmiko", "paramiko", "nornir", "ansible_runner"):
        for handler in logging.getLogger(name).handlers:
            if not any(isinstance(known, RedactingFilter) for known in handler.filters):
                handler.addFilter(RedactingFilter())
