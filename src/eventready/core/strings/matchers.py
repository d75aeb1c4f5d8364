"""Matchers of labels in Alertmanager's notation: `device=core-1`, `check!=uptime`, `subject=~"Te.*"`, `venues!~a|b`.

An absent label is an empty value; a regular expression matches the whole value.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import NamedTuple

from eventready.core.errors import UsageError
from eventready.core.messages import message
from eventready.core.strings.pattern import exponent

_MATCHER = re.compile(r'([A-Za-z_]\w*)\s*(=~|!~|!=|=)\s*(?:"((?:[^"\\]|\\.)*)"|(\S.*)?)', re.DOTALL | re.ASCII)
#: Characters of a matcher; power of a value's length that bounds a failed match; choices, each of which doubles it.
_LONGEST, _MOST_EXPONENT, _MOST_CHOICES = 500, 2, 6
_CHOICE = re.compile(r"\\.|([?({])", re.DOTALL)
#: Flags before an expression, which change no cost.
_FLAGS = re.compile(r"\(\?[is]+\)")
#: Characters of a value that a regular expression sees.
_LONGEST_VALUE = 1000


class Matcher(NamedTuple):
    """Condition on a label."""

    label: str
    operator: str
    value: str

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Return True for fitting labels."""
        found = labels.get(self.label, "")
        if self.operator.endswith("~"):
            equal = re.fullmatch(self.value, found[:_LONGEST_VALUE], re.DOTALL) is not None
        else:
            equal = found == self.value
        return equal is not self.operator.startswith("!")

    def __str__(self) -> str:
        quoted = self.value.replace("\\", "\\\\").replace('"', '\\"')
        return f'{self.label}{self.operator}"{quoted}"'


def matcher(text: str) -> Matcher:
    """Parse a matcher. Raises UsageError, also for a costly regular expression."""
    found = _MATCHER.fullmatch(text.strip()) if len(text) <= _LONGEST else None
    if found is None:
        raise UsageError(message("core:matcher.unreadable", text=text[:80]))
    label, operator, quoted, plain = found.groups()
    value = plain or "" if quoted is None else re.sub(r"\\(.)", r"\1", quoted, flags=re.DOTALL)
    if operator.endswith("~"):
        _require_cheap(value)
    return Matcher(label, operator, value)


def _require_cheap(expression: str) -> None:
    """Raise UsageError for an invalid regular expression, and for too much backtracking."""
    flags = _FLAGS.match(expression)
    body = expression[flags.end() :] if flags else expression
    choices = sum(match[1] is not None for match in _CHOICE.finditer(body))
    with suppress(re.error, RecursionError, OverflowError):
        re.compile(expression)
        if choices <= _MOST_CHOICES and exponent(f"(?:{body})$") <= _MOST_EXPONENT:
            return
    raise UsageError(message("core:matcher.expression", expression=expression[:80]))


def all_match(matchers: Iterable[Matcher], labels: Mapping[str, str]) -> bool:
    """Return True for labels with every condition fulfilled."""
    return all(one.matches(labels) for one in matchers)
