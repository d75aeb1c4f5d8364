"""Analysis of regular expressions: possible first characters of a match, and the cost of a failed match.

Both are read off the parse tree of Python's `re`. A character set is an integer with one bit per atom: an atom is an
ASCII character or one of four classes of the characters beyond (blanks, digits, other word characters, the rest).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, lru_cache, wraps
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from eventready.core.errors import InvalidValue
from eventready.core.messages import Message, message
from eventready.core.strings.remembered import keep_results, load_results

R = TypeVar("R")

_ASCII = 128
_SPACE, _DIGIT, _WORD, _REST = (1 << (_ASCII + place) for place in range(4))
ANY = (1 << (_ASCII + 4)) - 1
#: A repeat of more than this many turns is counted as one without a limit.
_FEW_TURNS = 16
#: Capital letters of a pattern, but of its escapes and group names.
_CAPITALS = re.compile(r"(\\.|\(\?P[<=]\w+)|[A-Z]")
#: FAILURE is `(?!)` from Python 3.13 on.
_ASSERTIONS = ("AT", "ASSERT", "ASSERT_NOT", "FAILURE")
_REPEATS = ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT")
#: Steps that a pattern of exponent 2 may take for all lines of an answer, about a second.
_STEPS = 1e8
#: Lines up to this length are not counted.
_SHORT_LINE = 256
#: The exponent of a pattern whose cost no power of the line's length bounds.
UNBOUNDED = 99


def _of_class(ascii_pattern: str, beyond: int) -> int:
    matcher = re.compile(ascii_pattern, re.ASCII)
    return sum(1 << code for code in range(_ASCII) if matcher.match(chr(code))) | beyond


BLANKS = _of_class(r"\s", _SPACE)
_CATEGORIES = {
    "CATEGORY_SPACE": BLANKS,
    "CATEGORY_DIGIT": _of_class(r"\d", _DIGIT),
    "CATEGORY_WORD": _of_class(r"\w", _DIGIT | _WORD),
}


def atom(character: str) -> int:
    """Return the bit of a character."""
    code = ord(character)
    if code < _ASCII:
        return 1 << code
    if character.isspace():
        return _SPACE
    if character.isdecimal():
        return _DIGIT
    return _WORD if character.isalnum() else _REST


class _Cost(NamedTuple):
    """First characters of a part and its successors, and the exponent of a failed match."""

    first: int
    exponent: int


@cache
def _known() -> dict[str, Any]:
    return load_results(Path(__file__))


#: Results of the innermost block of `remembered`.
_new: ContextVar[dict[str, Any] | None] = ContextVar("new", default=None)


@contextmanager
def remembered() -> Iterator[None]:
    """Keep the results for the patterns of a block for later processes."""
    found: dict[str, Any] = {}
    token = _new.set(found)
    try:
        yield
    finally:
        _new.reset(token)
    if found:
        _known().update(found)
        keep_results(Path(__file__), _known())


def _kept(failed: Any) -> Callable[[Callable[[str], R]], Callable[[str], R]]:
    """Look results up before computing them; `failed`: the result for patterns beyond understanding, never kept."""

    def keeping(function: Callable[[str], R]) -> Callable[[str], R]:
        @lru_cache(maxsize=8192)
        @wraps(function)
        def look(pattern: str) -> R:
            key = f"{function.__name__} {pattern}"
            if key in _known():
                kept: R = _known()[key]
                return kept
            try:
                result = function(pattern)
            except (ImportError, re.error, RecursionError):
                unknown: R = failed
                return unknown
            new = _new.get()
            if new is not None:
                new[key] = result
            return result

        return look

    return keeping


@lru_cache(maxsize=512)
def parse_tree(pattern: str) -> Any:
    """Return the parse tree of a pattern, which no caller may change. Raises ImportError, re.error, RecursionError."""
    from re import _parser  # type: ignore[attr-defined]  # noqa: PLC0415  no public way to see a pattern's parts

    return _parser.parse(pattern)


@_kept(())
def literals(pattern: str) -> tuple[str, ...]:
    """Return the texts in every match, the longest first; none for a pattern without regard to case."""
    tree = parse_tree(pattern)
    runs = [] if tree.state.flags & re.IGNORECASE else [*_runs(tree)]
    return tuple(sorted(dict.fromkeys(runs), key=len, reverse=True))


def _runs(tree: Iterable[tuple[Any, Any]]) -> Iterator[str]:
    """Yield the runs of literal characters of a sequence and of its groups."""
    run = ""
    for operation, argument in tree:
        if str(operation) == "LITERAL":
            run += chr(argument)
        elif str(operation) != "AT":
            if run:
                yield run
            run = ""
            if str(operation) == "SUBPATTERN":
                yield from _runs(argument[-1])
    if run:
        yield run


@_kept(None)
def leading(pattern: str) -> int | None:
    """Return the possible first characters of a line after its blanks; None where a blank line may match."""
    tree = parse_tree(pattern)
    if tree.state.flags & re.IGNORECASE:
        return None
    characters, transparent = _visible(tree)
    return None if transparent else characters


def may_lead(characters: int | None, first: str) -> bool:
    """Return True if a line with the first character `first` after blanks (empty: a blank line) may match."""
    return characters is None or (bool(first) and bool(characters & atom(first)))


def _visible(items: Iterable[Any]) -> tuple[int, bool]:
    """Return the first characters of a sequence, without blanks, and whether blanks alone may match."""
    found = 0
    for operation, argument in items:
        characters, transparent = _visible_item(str(operation), argument)
        found |= characters
        if not transparent:
            return found, False
    return found, True


def _visible_item(operation: str, argument: Any) -> tuple[int, bool]:
    characters = _single(operation, argument)
    if characters is not None:
        return characters & ~BLANKS, bool(characters & BLANKS)
    if operation in _ASSERTIONS:
        return 0, True
    if operation == "SUBPATTERN" and not argument[1] & re.IGNORECASE:
        return _visible(argument[3])
    if operation == "BRANCH":
        branches = [_visible(branch) for branch in argument[1]]
        return _union(branch[0] for branch in branches), any(branch[1] for branch in branches)
    if operation in _REPEATS:
        characters, transparent = _visible(argument[2])
        return characters, transparent or argument[0] == 0
    return ANY, True


@_kept(UNBOUNDED)
def exponent(pattern: str) -> int:
    """Return the least n for which a match at a single place of a line takes at most length**n steps.

    UNBOUNDED where the time may grow exponentially, or where the pattern has parts that are not understood. A repeat
    counts when the part behind it can begin with a character of the repeat itself, so that the place where the repeat
    ends is ambiguous.
    """
    tree = parse_tree(pattern)
    if tree.state.flags & re.IGNORECASE:
        tree = parse_tree(_CAPITALS.sub(lambda match: match[1] or match[0].lower(), pattern))
    return min(_sequence(list(tree), _Cost(0, 0)).exponent, UNBOUNDED)


def search_exponent(pattern: str) -> int:
    """Return the exponent of a search: every place of a line is tried unless the pattern is anchored."""
    cost = exponent(pattern)
    return min(cost if cost == UNBOUNDED or _anchored(pattern) else cost + 1, UNBOUNDED)


def refuse_costly(pattern: str, most: int) -> None:
    """Raise ValueError for a pattern with a cost above length**most steps for a failed match."""
    if exponent(pattern) > most:
        raise InvalidValue(costly(pattern))


def costly(pattern: str) -> Message:
    """Return the sentence about a pattern of too high a cost."""
    return message("platforms:pattern_costly", pattern=pattern)


def lines_too_long(text: str) -> bool:
    """Return True for a text with lines too long, or too many long lines, for patterns of exponent 2."""
    if len(text) ** 2 <= _STEPS:
        return False
    return sum(len(line) ** 2 for line in text.split("\n") if len(line) > _SHORT_LINE) > _STEPS


def find_in_answer(pattern: str, answer: str) -> re.Match[str] | None:
    """Search an answer of several lines; an answer with lines too long is not searched."""
    return None if lines_too_long(answer) else re.search(pattern, answer, re.MULTILINE)


def _anchored(pattern: str) -> bool:
    items = list(parse_tree(pattern))
    while len(items) == 1 and str(items[0][0]) == "SUBPATTERN":
        items = list(items[0][1][3])
    if len(items) == 1 and str(items[0][0]) == "BRANCH":
        return all(branch and _begins(branch[0]) for branch in items[0][1][1])
    return bool(items) and _begins(items[0])


def _begins(item: Any) -> bool:
    return str(item[0]) == "AT" and str(item[1]) in ("AT_BEGINNING", "AT_BEGINNING_STRING")


def _sequence(items: Sequence[Any], after: _Cost) -> _Cost:
    for operation, argument in reversed(items):
        after = _item(str(operation), argument, after)
    return after


def _item(operation: str, argument: Any, after: _Cost) -> _Cost:
    characters = _single(operation, argument)
    if characters is not None:
        return _Cost(characters, after.exponent)
    if operation in _ASSERTIONS:
        return _assertion(operation, argument, after)
    if operation in _REPEATS:
        return _repeat(argument, after, possessive=operation == "POSSESSIVE_REPEAT")
    if operation == "SUBPATTERN":
        return _sequence(list(argument[3]), after)
    if operation == "BRANCH":
        costs = [_sequence(list(branch), after) for branch in argument[1]]
        return _Cost(_union(cost.first for cost in costs), max(cost.exponent for cost in costs))
    # A reference to a group is a fixed text of any length.
    return _Cost(ANY, after.exponent + 1 if operation == "GROUPREF" else UNBOUNDED)


def _assertion(operation: str, argument: Any, after: _Cost) -> _Cost:
    if operation == "FAILURE":
        return _Cost(0, after.exponent)
    if operation == "AT":
        return _Cost(0 if str(argument) in ("AT_END", "AT_END_STRING") else after.first, after.exponent)
    ahead = operation == "ASSERT" and argument[0] > 0
    inner = _sequence(list(argument[1]), _Cost(after.first if ahead else 0, 0))
    return _Cost(inner.first if ahead else after.first, max(inner.exponent, after.exponent))


def _repeat(argument: Any, after: _Cost, *, possessive: bool) -> _Cost:
    least, most, body = argument[0], argument[1], list(argument[2])
    begin = _first(body)
    follow = begin | after.first
    first = begin | (after.first if least == 0 or _nullable(body) else 0)
    if int(most) <= _FEW_TURNS:
        return _Cost(first, _turns(body, int(most), after))
    compound = len(body) > 1 or _single(*_named(body[0])) is None
    if compound and (_nullable(body) or _ambiguous(body, follow)):
        return _Cost(first, UNBOUNDED)
    inner = _sequence(body, _Cost(follow, 0)).exponent
    overlap = begin & after.first and not possessive
    return _Cost(first, max(inner, after.exponent + 1 if overlap else max(after.exponent, 1)))


def _turns(body: Sequence[Any], most: int, after: _Cost) -> int:
    """Return the exponent of a few repetitions of `body`; each may add its own exponent."""
    steps, follow = after.exponent, after.first
    for _ in range(most):
        cost = _sequence(body, _Cost(follow, steps))
        steps, follow = max(after.exponent, cost.exponent), cost.first | after.first
    return steps


def _named(item: Any) -> tuple[str, Any]:
    return str(item[0]), item[1]


def _ambiguous(items: Sequence[Any], after: int) -> bool:
    """Return True if a text may be divided in two ways among the parts of a repeated sequence."""
    for operation, argument in map(_named, reversed(items)):
        if _ambiguous_part(operation, argument, after):
            return True
        after = _item(operation, argument, _Cost(after, 0)).first
    return False


def _ambiguous_part(operation: str, argument: Any, after: int) -> bool:
    if operation in _REPEATS:
        least, most, body = argument[0], argument[1], list(argument[2])
        begin = _first(body)
        return bool(least != most and begin & after) or (most != 1 and _ambiguous(body, begin | after))
    if operation == "SUBPATTERN":
        return _ambiguous(list(argument[3]), after)
    if operation == "BRANCH":
        return _branches_overlap([list(branch) for branch in argument[1]], after)
    return operation not in _ASSERTIONS and _single(operation, argument) is None


def _branches_overlap(branches: list[list[Any]], after: int) -> bool:
    if any(_ambiguous(branch, after) for branch in branches):
        return True
    return any(
        not _distinguishable(one, other) for place, one in enumerate(branches) for other in branches[place + 1 :]
    )


def _distinguishable(one: Sequence[Any], other: Sequence[Any]) -> bool:
    """Return True if no text begins with both, by their leading single characters."""
    for left, right in zip(one, other, strict=False):
        first, second = _single(*_named(left)), _single(*_named(right))
        if first is None or second is None:
            return not _first([left]) & _first([right]) and not (_nullable([left]) or _nullable([right]))
        if not first & second:
            return True
    return False


def _union(sets: Iterable[int]) -> int:
    found = 0
    for one in sets:
        found |= one
    return found


def _single(operation: str, argument: Any) -> int | None:
    """Return the characters of a part of a single character; None for another part."""
    if operation == "LITERAL":
        return atom(chr(argument))
    if operation == "NOT_LITERAL":
        return ANY if argument >= _ASCII else ANY & ~atom(chr(argument))
    if operation == "ANY":
        return ANY
    if operation == "IN":
        return _class(argument)
    return None


def _class(members: Sequence[Any]) -> int:
    found, negated = 0, False
    for kind, value in ((str(kind), value) for kind, value in members):
        if kind == "NEGATE":
            negated = True
        elif kind == "LITERAL":
            found |= 0 if negated and value >= _ASCII else atom(chr(value))
        elif kind == "RANGE":
            found |= _range(value[0], value[1], negated=negated)
        elif kind == "CATEGORY" and str(value).startswith("CATEGORY_NOT_"):
            found |= ANY & ~_CATEGORIES[str(value).replace("NOT_", "")]
        else:
            found |= _CATEGORIES[str(value)]
    return ANY & ~found if negated else found


def _range(low: int, high: int, *, negated: bool) -> int:
    """Return the atoms of a range; beyond ASCII all of them, or, in a negated class, none."""
    inside = _union(1 << code for code in range(low, min(high, _ASCII - 1) + 1))
    beyond = 0 if negated or high < _ASCII else _SPACE | _DIGIT | _WORD | _REST
    return inside | beyond


def _first(items: Sequence[Any]) -> int:
    """Return the possible first characters of a sequence."""
    found = 0
    for item in items:
        found |= _item(*_named(item), _Cost(0, 0)).first
        if not _nullable([item]):
            break
    return found


def _nullable(items: Sequence[Any]) -> bool:
    """Return True for a sequence with a possible empty match."""
    return all(_takes_nothing(*_named(item)) for item in items)


def _takes_nothing(operation: str, argument: Any) -> bool:
    if _single(operation, argument) is not None:
        return False
    if operation in _REPEATS:
        return argument[0] == 0 or _nullable(list(argument[2]))
    if operation == "SUBPATTERN":
        return _nullable(list(argument[3]))
    if operation == "BRANCH":
        return any(_nullable(list(branch)) for branch in argument[1])
    return True
