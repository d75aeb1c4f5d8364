"""Pydantic errors as sentences for authors of YAML files."""

from __future__ import annotations

import difflib
import re
import types
from collections.abc import Iterable
from datetime import date
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from eventready.core.errors import InvalidValue
from eventready.core.messages import Message, message

Key = str | int
Sentence = str | Message

#: Number of errors listed one by one.
SHOWN = 20

#: Keys whose values are never shown in messages.
_HIDDEN = frozenset({"connection_options", "extras"})
SECRET_KEY = re.compile(r"pass(w|phrase|$)|pwd|secret|token|community|credential|private|(^|_)key$", re.I)

_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
#: Word of `workspace:wanted` for each type that pydantic misses.
_WANTED = {
    code: word
    for word, codes in {
        "whole_number": "int_type int_parsing int_from_float",
        "number": "float_type finite_number float_parsing",
        "bool": "bool_type bool_parsing",
        "text": "string_type",
        "list": "tuple_type list_type",
        "mapping": "dict_type mapping_type model_type model_attributes_type",
        "date": "date_type date_parsing date_from_datetime_parsing date_from_datetime_inexact",
        "time": "time_type time_parsing",
        "span": "time_delta_parsing",
    }.items()
    for code in codes.split()
}
_FIXED = {"missing": "workspace:missing", "too_short": "workspace:empty", "string_too_short": "workspace:empty"}
#: Text in the place of a number that is shown: a number as people write it. Another may be a password in a wrong line.
_NUMBER_LIKE, _PORT_LIKE = re.compile(r"[\d\s.,:+%-]{0,20}[^\W\d]{0,4}"), re.compile(r"-?[\d.]{0,6}")
#: Attribute of the error that holds the bound.
_BOUNDS = {
    "greater_than_equal": "ge",
    "greater_than": "gt",
    "less_than_equal": "le",
    "less_than": "lt",
    "int_parsing_size": "",
    "too_long": "max_length",
    "string_too_long": "max_length",
}


def suggest(word: str, known: Iterable[str], *, noun: str = "Known") -> Sentence:
    """Suggest the closest of `known`, or list the known names when none is close. `noun`: of `workspace:noun`."""
    names = sorted(set(known))
    near = difflib.get_close_matches(word.casefold(), [name.casefold() for name in names], n=1, cutoff=0.6)
    if near:
        meant = next(name for name in names if name.casefold() == near[0])
        return message("workspace:suggest.meant", name=meant)
    if not names:
        return ""
    if len(names) <= 12:
        return message("workspace:suggest.known", noun=noun, names=names)
    return message("workspace:suggest.many", noun=noun, names=names[:12], more=len(names) - 12)


class Suggestions:
    """Cache of `suggest` against a fixed set of names, for at most `SHOWN` distinct words.

    An excerpt of a large inventory has thousands of unknown words and names; only the first words are shown.
    """

    def __init__(self, known: Iterable[str]) -> None:
        self._known = frozenset(known)
        self._cache: dict[str, Sentence] = {}

    def of(self, word: str) -> Sentence:
        """Suggestion for a word; empty after `SHOWN` other words."""
        if word not in self._cache and len(self._cache) < SHOWN:
            self._cache[word] = suggest(word, self._known)
        return self._cache.get(word, "")


def describe_value(value: Any) -> Sentence:
    """Name of a value for a sentence."""
    match value:
        case None:
            return message("workspace:value.nothing")
        case dict():
            return message("workspace:value.mapping")
        case list() | tuple():
            return message("workspace:value.list")
        case bool():
            return str(value).lower()
        case str():
            return repr(value if len(value) <= 60 else value[:57] + "...")
        case _:
            return repr(value)[:60]


def impossible_date(text: str) -> Message | None:
    """Sentence for a date outside the calendar such as 30 February; None for other text."""
    match = _DATE.match(text.strip())
    if not match:
        return None
    try:
        date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return message("workspace:date.impossible", text=match[0])
    return None


def describe_error(detail: ErrorDetails, model: type[BaseModel] | None) -> tuple[Sentence, Sentence]:
    """Cause and remedy for a pydantic error against `model`, if any; an empty remedy: see the cause's message."""
    kind, location, value, context = detail["type"], detail["loc"], detail.get("input"), detail.get("ctx", {})
    name = _name(location)
    secret = any(isinstance(part, str) and (part in _HIDDEN or SECRET_KEY.search(part)) for part in location)
    numeric = _WANTED.get(kind) in ("whole_number", "number", "bool")
    if location and location[-1] == "port":
        secret |= not isinstance(value, dict | list) and not _PORT_LIKE.fullmatch(str(value))
    secret |= numeric and isinstance(value, str) and not _NUMBER_LIKE.fullmatch(value)
    shown = message("workspace:value.hidden") if secret else describe_value(value)
    if kind == "extra_forbidden":
        key = str(location[-1])
        return message("workspace:unknown_key", key=key), _where_to(key, model, location[:-1])
    if kind in _FIXED:
        return message(_FIXED[kind], name=name), ""
    if kind in ("literal_error", "enum"):
        allowed = re.findall(r"'([^']*)'", str(context.get("expected", "")))
        return message("workspace:not_possible", name=name, value=shown), suggest(str(value), allowed, noun="Possible")
    if kind in _BOUNDS:
        bound = context.get(_BOUNDS[kind])
        whole = int(bound) if isinstance(bound, float) and bound.is_integer() else bound
        return message(f"workspace:bound.{kind}", name=name, bound=whole, value=shown), ""
    if kind == "value_error":
        return _custom(name if location else "", context.get("error", detail["msg"]), secret=secret)
    return _wrong_type(kind, name, value, shown, detail["msg"], secret=secret, form=context.get("pattern"))


def _wrong_type(
    kind: str, name: Sentence, value: Any, shown: Sentence, reason: Sentence, *, secret: bool, form: str | None
) -> tuple[Sentence, Sentence]:
    impossible = impossible_date(value) if isinstance(value, str) and kind.startswith("date") and not secret else None
    if impossible:
        return message("workspace:named", name=name, what=impossible), message("workspace:date.write")
    wanted = _WANTED.get(kind)
    if form is not None:
        return message("workspace:not_of_form", name=name, value=shown, form=form), ""
    if wanted is None:
        reason = message("workspace:value.not_allowed") if secret else reason
        return message("workspace:does_not_hold", name=name, reason=reason), ""
    remedy: Sentence = message("workspace:date.write") if wanted == "date" else ""
    if wanted == "text" and isinstance(value, int | float):
        remedy = message("workspace:put_in_quotes")
    if wanted == "list" and isinstance(value, str):
        remedy = message("workspace:write_list")
    return message("workspace:wrong_type", name=name, wanted=wanted, value=shown), remedy


def _custom(name: Sentence, error: object, *, secret: bool) -> tuple[Sentence, Sentence]:
    if secret:
        return message("workspace:not_as_it_is", name=name), ""
    if isinstance(error, InvalidValue):
        what, do = error.error.cause, error.error.remedy
    else:
        what, _, do = str(error).partition(". ")
    return message("workspace:named", name=name, what=what) if name else what, do


def _name(location: tuple[Key, ...]) -> Sentence:
    """Name of a location: the nearest key, and the number in its list."""
    if not location:
        return message("workspace:value.file")
    last = location[-1]
    if last == "[key]" and len(location) > 1:
        return message("workspace:value.key", name=str(location[-2]))
    if isinstance(last, int):
        parent = next((f"'{part}'" for part in reversed(location) if isinstance(part, str)), None)
        return message("workspace:value.item", number=last + 1, parent=parent or message("workspace:value.the_list"))
    return f"{last!r}"


def _where_to(key: str, model: type[BaseModel] | None, location: tuple[Key, ...]) -> Sentence:
    """Remedy for an unknown key: a deeper level with the key, or a similar key."""
    known = known_keys(model, location)
    below = next((name for name in sorted(known) if key in known_keys(model, (*location, name))), None)
    return message("workspace:belongs_under", key=below) if below else suggest(key, known)


def known_keys(model: type[BaseModel] | None, location: tuple[Key, ...]) -> set[str]:
    """Keys allowed at a location inside the data of a model."""
    current: Any = model
    for part in location:
        current = _inside(current, part)
    found = _model_in(current)
    return {info.alias or name for name, info in found.model_fields.items()} if found else set()


def _inside(annotation: Any, part: Key) -> Any:
    """Annotation under `part` in a value of `annotation`."""
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
    """Members of a union, unwrapped from Annotated."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _options(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        return tuple(inner for option in get_args(annotation) for inner in _options(option))
    return (annotation,)
