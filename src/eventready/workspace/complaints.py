"""What is wrong with a value, as a sentence: pydantic's errors in the words of somebody who edits YAML."""

from __future__ import annotations

import difflib
import re
import types
from collections.abc import Iterable
from datetime import date
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails

Key = str | int

#: So many of the things that do not hold are told one by one.
SHOWN = 20

#: Keys whose values are never shown, whatever is wrong with them; below the others anything may stand.
_HIDDEN = frozenset({"connection_options", "extras"})
SECRET_KEY = re.compile(r"pass(w|phrase|$)|pwd|secret|token|community|credential|private|(^|_)key$", re.I)

_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_WANTED = {
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "string_type": "text",
    "tuple_type": "a list",
    "list_type": "a list",
    "dict_type": "a mapping of `key: value` lines",
    "mapping_type": "a mapping of `key: value` lines",
    "model_type": "a mapping of `key: value` lines",
    "model_attributes_type": "a mapping of `key: value` lines",
    "date_type": "a date",
    "date_parsing": "a date",
    "date_from_datetime_parsing": "a date",
    "date_from_datetime_inexact": "a date",
    "time_type": "a time of day",
    "time_parsing": "a time of day",
    "time_delta_parsing": "a length of time",
}
_FIXED = {
    "missing": ("is missing", "Add it."),
    "too_short": ("must not be empty", ""),
    "string_too_short": ("must not be empty", ""),
}
_BOUNDS = {
    "greater_than_equal": ("ge", "at least"),
    "greater_than": ("gt", "more than"),
    "less_than_equal": ("le", "at most"),
    "less_than": ("lt", "less than"),
}


def suggest(word: str, known: Iterable[str], *, noun: str = "Known") -> str:
    """ "Did you mean ...?" when something known is close, else the list of what is known (when it is short)."""
    names = sorted(set(known))
    near = difflib.get_close_matches(word.casefold(), [name.casefold() for name in names], n=1, cutoff=0.6)
    if near:
        meant = next(name for name in names if name.casefold() == near[0])
        return f"Did you mean {meant!r}?"
    if not names:
        return ""
    shown = ", ".join(names[:12])
    return f"{noun}: {shown}." if len(names) <= 12 else f"{noun}: {shown}, and {len(names) - 12} more."


class Suggestions:
    """`suggest` for word after word against the same names: for as many words as anybody gets to read, `SHOWN`.

    A part that was cut out of a country has a thousand words that are not among its thousands of names.
    """

    def __init__(self, known: Iterable[str]) -> None:
        self._known = frozenset(known)
        self._said: dict[str, str] = {}

    def of(self, word: str) -> str:
        """What to do about the word; nothing once `SHOWN` other words have been asked about."""
        if word not in self._said and len(self._said) < SHOWN:
            self._said[word] = suggest(word, self._known)
        return self._said.get(word, "")


def unhappy(value: Any) -> str:
    """A value as it is named in a sentence about it."""
    match value:
        case None:
            return "nothing"
        case dict():
            return "a mapping"
        case list() | tuple():
            return "a list"
        case bool():
            return str(value).lower()
        case str():
            return repr(value if len(value) <= 60 else value[:57] + "...")
        case _:
            return repr(value)[:60]


def impossible_date(text: str) -> str | None:
    """ "30 February" as a sentence, when the text is shaped like a date and no calendar has it."""
    match = _DATE.match(text.strip())
    if not match:
        return None
    try:
        date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return f"{match[0]!r} is a date that does not exist"
    return None


def explain(detail: ErrorDetails, model: type[BaseModel]) -> tuple[str, str]:
    """What does not hold, and what to do, for one of pydantic's errors against `model`."""
    kind, location, value, context = detail["type"], detail["loc"], detail.get("input"), detail.get("ctx", {})
    name = _name(location)
    secret = any(isinstance(part, str) and (part in _HIDDEN or SECRET_KEY.search(part)) for part in location)
    shown = "what is there" if secret else unhappy(value)
    if kind == "extra_forbidden":
        return f"unknown key {str(location[-1])!r}", _where_to(str(location[-1]), model, location[:-1])
    if kind in _FIXED:
        what, do = _FIXED[kind]
        return f"{name} {what}", do
    if kind in ("literal_error", "enum"):
        allowed = re.findall(r"'([^']*)'", str(context.get("expected", "")))
        return f"{name} cannot be {shown}", suggest(str(value), allowed, noun="Possible")
    if kind in _BOUNDS:
        bound, words = _BOUNDS[kind]
        return f"{name} must be {words} {context.get(bound)}, not {shown}", ""
    if kind == "value_error":
        return _custom(name if location else "", str(context.get("error", detail["msg"])), secret=secret)
    return _wrong_type(kind, name, value, shown, detail["msg"], secret=secret)


def _wrong_type(kind: str, name: str, value: Any, shown: str, message: str, *, secret: bool) -> tuple[str, str]:
    if isinstance(value, str) and kind.startswith("date") and not secret and impossible_date(value):
        return f"{name}: {impossible_date(value)}", "Write it as YYYY-MM-DD."
    wanted = _WANTED.get(kind)
    if wanted is None:
        return f"{name} does not hold: {'its value is not allowed' if secret else message}", ""
    if wanted == "a date":
        return f"{name} must be a date, not {shown}", "Write it as YYYY-MM-DD."
    remedy = "Put it in quotes." if wanted == "text" and isinstance(value, int | float) else ""
    if wanted == "a list" and isinstance(value, str):
        remedy = "Write it as [a, b]."
    return f"{name} must be {wanted}, not {shown}", remedy


def _custom(name: str, message: str, *, secret: bool) -> tuple[str, str]:
    if secret:
        return f"{name} is not allowed as it is", ""
    what, _, do = message.partition(". ")
    return f"{name}: {what}" if name else what, do


def _name(location: tuple[Key, ...]) -> str:
    """How the part is called: the nearest key, and the number in its list."""
    if not location:
        return "it"
    last = location[-1]
    if isinstance(last, int):
        parent = next((part for part in reversed(location) if isinstance(part, str)), "the list")
        return f"number {last + 1} of {parent!r}"
    return f"{last!r}"


def _where_to(key: str, model: type[BaseModel], location: tuple[Key, ...]) -> str:
    """What to do with an unknown key: it may belong one level deeper."""
    known = known_keys(model, location)
    below = next((name for name in sorted(known) if key in known_keys(model, (*location, name))), None)
    return f"It belongs under {below!r}." if below else suggest(key, known)


def known_keys(model: type[BaseModel], location: tuple[Key, ...]) -> set[str]:
    """The keys that may stand at a place inside a model's data."""
    current: Any = model
    for part in location:
        current = _inside(current, part)
    found = _model_in(current)
    return {info.alias or name for name, info in found.model_fields.items()} if found else set()


def _inside(annotation: Any, part: Key) -> Any:
    """The annotation of what lies under `part` in a value of `annotation`."""
    found = _model_in(annotation)
    if found is not None and isinstance(part, str):
        for name, info in found.model_fields.items():
            if part in (name, info.alias):
                return info.annotation
        return None
    for option in _options(annotation):
        arguments = get_args(option)
        if get_origin(option) in (tuple, list) and isinstance(part, int) and arguments:
            return arguments[0]
        if get_origin(option) is dict and arguments:
            return arguments[1]
    return None


def _model_in(annotation: Any) -> type[BaseModel] | None:
    for option in _options(annotation):
        if isinstance(option, type) and issubclass(option, BaseModel):
            return option
    return None


def _options(annotation: Any) -> tuple[Any, ...]:
    """The members of a union, and what Annotated wraps."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _options(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        return tuple(inner for option in get_args(annotation) for inner in _options(option))
    return (annotation,)
