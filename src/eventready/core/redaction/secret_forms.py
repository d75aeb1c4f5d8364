"""Forms of secrets in configurations, commands and messages: keywords and shapes with the value to redact."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from eventready.core.strings.text_lines import lines_of


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
    for line in lines_of(Path(__file__).with_suffix(".txt").read_text(encoding="utf-8")):
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
    _rule("://", r"://[^\s:@/]{1,128}:(?P<value>[^\s\"'<>]{1,256})@(?=[\w.\[-])"),
)
RULES = (*_rules(), *CIPHERTEXTS)
