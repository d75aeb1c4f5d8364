"""Messages: sentences as ids with parameters, rendered from the catalogue of a namespace (`core/catalogue.py`).

An id is `namespace:key`; `checks:uplink.down` stands in `locales/checks.po` under `uplink.down`.
A sentence holds its parameters as `{name}`. A format after the name is one of

    {value:.1f}           a number format; decimal mark and groups of three follow the language
    {year:id}             a number that identifies: its digits alone, as for every number between backquotes
    {at:%H:%M}            a date or time format
    {state:terms:state}   a word of a family: the text of `terms:state.<value>`, or the value itself where there is none
    {state!c:terms:state} the same with a capital letter, unless it is the value itself
    {count:terms:device}  a counted noun: the plural text of `terms:device` for that number
    {reason:.}            a clause with a full stop, unless it has one
    {names:;}             the separator of a list, `A; B`; without one a list reads `A, B and C`; a line each with `\\n`

The plural text of a whole sentence follows its parameter `n`. The help of the command line alone has its English text
as the id (`source_text`).
"""

from __future__ import annotations

import re
import string
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from gettext import NullTranslations
from math import floor
from pathlib import Path
from typing import Any, TypeAlias

from eventready.core import catalogue
from eventready.core.timezone import local_time

Lang: TypeAlias = catalogue.Lang
LANGS = catalogue.LANGS

#: Folders of catalogues; packages that bring checks of their own add theirs.
_FOLDERS: tuple[Path, ...] = (catalogue.HOME,)
#: Format of a number that identifies, and of a number before the sign of a percentage.
_ID = "id"
_PERCENT = "percent"
#: Sign, whole number, fraction and percent sign of a formatted number.
_FIGURE = re.compile(r" *([+-]?)(\d+)((?:\.\d+)?)(%?)", re.ASCII)
_MARKS = str.maketrans(".,", ",.")
#: Messages and lists of them, in each other.
_MOST_LEVELS = 8
#: Types of parameters that are values of JSON themselves: most parameters; and the numbers among these.
_JSON_TYPES = frozenset({str, int, float, bool, type(None)})
_NUMBERS = (int, float)


@dataclass(frozen=True)
class Bilingual:
    """A text of the workspace in both languages, such as the name of a venue."""

    vi: str
    en: str

    def render(self, lang: str) -> str:
        """Text in a language, or in the other language as a fallback."""
        return (self.en or self.vi) if lang == "en" else (self.vi or self.en)


@dataclass(frozen=True)
class Message:
    """A sentence of the catalogue with the values of its parameters; no `str`: rendered in a reader's language.

    `english`: text on record, shown where the catalogue lacks the id. Its `str` is its id and its values, in no
    language: mypy refuses a message where a text is expected, and `tests/core/mypy_messages.py` one that is formatted.
    """

    id: str
    params: Mapping[str, Param] = field(default_factory=dict, hash=False)
    english: str = field(default="", compare=False, repr=False)

    def render(self, lang: str) -> str:
        """The sentence in a language. Raises KeyError for an unknown id and for a missing parameter.

        A message on record never raises: its English text stands for it.
        """
        try:
            return render(self.id, self.params, lang)
        except (KeyError, TypeError, ValueError):
            if self.english:
                return self.english
            raise


Text: TypeAlias = Message | Bilingual
Param: TypeAlias = str | int | float | date | datetime | Text | Sequence["str | Text"] | None


def in_english(content: str | Text) -> str:
    """English text on record, else the text in English."""
    return (isinstance(content, Message) and content.english) or in_language(content, "en")


def in_language(content: Param, lang: str) -> str:
    """Text, number or time in a language."""
    return _shown(content, "", lang)


def as_data(record: Any) -> Any:
    """Plain types of a record and of its parts, for a document: a message as its English text."""
    if isinstance(record, Message):
        return in_english(record)
    if is_dataclass(record):
        return {one.name: as_data(getattr(record, one.name)) for one in fields(record)}
    if isinstance(record, Mapping):
        return {name: as_data(part) for name, part in record.items()}
    return [as_data(part) for part in record] if isinstance(record, list | tuple) else record


def as_record(name: str, content: str | Message) -> dict[str, Any]:
    """Entries of a document for a text: English, and its message."""
    own = {f"{name}_text": to_json(content)} if isinstance(content, Message) else {}
    return {name: in_english(content), **own}


def from_record(document: Mapping[str, Any], name: str) -> str | Message:
    """Text of a document, with its message if on record; empty for a missing text."""
    english = str(document.get(name) or "")
    return (english and _on_record(document.get(f"{name}_text"), english)) or english


def to_stored(content: str | Message) -> str | dict[str, Any]:
    """Value of a document for a text: English text with its message, or the plain text."""
    return {"text": in_english(content), **to_json(content)} if isinstance(content, Message) else content


def from_stored(value: Any) -> str | Message:
    """Text of a value of a document; the inverse of `to_stored`. Raises ValueError."""
    match value:
        case str():
            return value
        case {"text": str(english), "id": str(), "params": dict(), **others} if english and not others:
            if found := _on_record(value, english):
                return found
    raise ValueError("not a text, and not a message with its text")


def _on_record(value: Any, english: str) -> Message | None:
    """Message of a document with its English text; None for another value."""
    with suppress(TypeError):
        if isinstance(found := from_json(value), Message):
            return replace(found, english=english)
    return None


def message(msgid: str, /, **params: Param) -> Message:
    """Message with an id and parameters."""
    return Message(msgid, params)


def text(msgid: str, lang: str, /, **params: Param) -> str:
    """The sentence of an id in a language. Raises KeyError for an unknown id and for a missing parameter."""
    return render(msgid, params, lang)


def term(family: str, key: str, lang: str) -> str:
    """The word of a family for a key, `term("terms:verdict", "READY", "vi")`; the key where the family has no word.

    A key whose first word alone is in the family keeps the rest: `memory Processor` is `bộ nhớ Processor`.
    """
    found = _sentence(f"{family}.{key.replace(' ', '_')}", lang)
    if found is not None:
        return found
    first, blank, rest = key.partition(" ")
    found = _sentence(f"{family}.{first}", lang) if blank else None
    return key if found is None else f"{found} {rest}"


def source_text(namespace: str, english: str, lang: str) -> str:
    """Text in a language, with its English form as the id; the English form where the catalogue has none."""
    return _catalogue(namespace, lang).gettext(english) if english else english


def known(msgid: str) -> bool:
    """True where the catalogue has the id."""
    return _sentence(msgid, "en") is not None


def ids(namespace: str) -> tuple[str, ...]:
    """The keys of a namespace, sorted."""
    return tuple(sorted({key for folder in _FOLDERS for key in catalogue.keys(folder, namespace)}))


def parameters(msgid: str, lang: str) -> frozenset[str]:
    """The parameters of a sentence. Raises KeyError for an unknown id."""
    sentence = _sentence(msgid, lang)
    if sentence is None:
        raise KeyError(msgid)
    return frozenset(piece.name for piece in _parsed(sentence) if not isinstance(piece, str))


def render(msgid: str, params: Mapping[str, Param], lang: str) -> str:
    """The sentence of an id with its parameters. Raises KeyError for an unknown id and for a missing parameter."""
    count = params.get("n")
    pieces = _pieces(msgid, lang) if not isinstance(count, int) else _parsed(_plural(msgid, count, lang))
    if not pieces:
        raise KeyError(msgid)
    return "".join([piece if isinstance(piece, str) else piece.shown(params, lang) for piece in pieces])


def number(value: float, lang: str, spec: str = "") -> str:
    """Number in the notation of the language, in groups of three: `12.500,5` and `12,500.5`.

    `spec` is a number format, or `id` for the digits alone.
    """
    return _figure(value, lang, spec) if value else _written(value, lang, spec)


def percentage(value: float, lang: str) -> str:
    """Percentage for people, without its sign: whole from 10 to 99, else with a decimal; a part is never 0 or 100."""
    if 0 < value < _TENTH / 2:
        return f"<{number(_TENTH, lang)}"
    if 99 < value < 100:
        return number(floor(value / _TENTH + 1e-6) / 10, lang)
    return number(round(value) if abs(value) >= 10 else round(value, 1), lang)


def _percentage_beside(value: float, limit: Param, lang: str) -> str:
    """Percentage beside its limit: whole from 10 on, unless the whole number is on another side of the limit."""
    crosses = isinstance(limit, _NUMBERS) and value != limit and (round(value) - limit) * (value - limit) <= 0
    return number(value, lang) if crosses or abs(value) < 10 else percentage(value, lang)


#: Smallest percentage shown.
_TENTH = 0.1


def _written(value: float, lang: str, spec: str) -> str:
    if spec == _ID:
        return str(value)
    shown = format(value, spec or (".10g" if isinstance(value, float) else ""))
    if len(shown) < 4 and shown.isdecimal():
        return shown
    found = _FIGURE.fullmatch(shown)
    if found is None:
        return shown.replace(".", ",") if lang == "vi" else shown
    sign, whole, fraction, unit = found.groups()
    grouped = f"{sign}{int(whole):,}" if len(whole) > 3 else f"{sign}{whole}"
    written = f"{grouped}{fraction}{unit}"
    return (written.translate(_MARKS) if lang == "vi" else written).rjust(len(shown))


#: Findings of a fleet name the same figures; 0.0 and -0.0 are equal, and written differently.
_figure = lru_cache(maxsize=16_384, typed=True)(_written)


def sentence(clause: str) -> str:
    """Clause with a full stop at its end, never with two."""
    return clause if not clause or clause.endswith((".", "!", "?")) else f"{clause}."


def in_both(content: Text) -> dict[str, str]:
    """A text in every language, for JSON."""
    return {lang: content.render(lang) for lang in LANGS}


def to_json(value: Param) -> Any:
    """Parameter as plain JSON types; inverse of `from_json`."""
    if type(value) in _JSON_TYPES:
        return value
    match value:
        case Message():
            return {"id": value.id, "params": {name: to_json(param) for name, param in value.params.items()}}
        case Bilingual():
            return {"vi": value.vi, "en": value.en}
        case date():
            return value.isoformat()
        case str() | int() | float() | None:
            return value
    return [to_json(item) for item in value]


def from_json(value: Any, levels: int = _MOST_LEVELS) -> Any:
    """A parameter from a document, with its messages and bilingual texts. Raises TypeError for another mapping.

    Messages in messages have a bound: a sentence may show a parameter three times.
    """
    if not levels:
        raise TypeError("too many messages in a message")
    match value:
        case {"id": str(msgid), "params": dict(params)}:
            return Message(msgid, {str(name): from_json(param, levels - 1) for name, param in params.items()})
        case {"vi": str(vi), "en": str(en)}:
            return Bilingual(vi, en)
        case list():
            return [from_json(item, levels - 1) for item in value]
        case str() | int() | float() | None:
            return value
    raise TypeError(f"no parameter of a message: {type(value).__name__}")


def joined(items: Sequence[str | Text], lang: str, separator: str = "") -> str:
    """`A, B và C`, or the items with a separator and a blank between them."""
    shown = [in_language(item, lang) for item in items]
    if separator or len(shown) < 2:
        return (separator if separator.isspace() else f"{separator} ").join(shown)
    return ", ".join(shown[:-1]) + text("terms:and", lang) + shown[-1]


def _shown(value: Param, spec: str, lang: str) -> str:
    """A parameter inside a sentence."""
    if ":" in spec and isinstance(value, int | str):
        return term(spec, value, lang) if isinstance(value, str) else render(spec, {"n": value}, lang)
    match value:
        case Message() | Bilingual():
            return value.render(lang)
        case int() | float():
            return number(value, lang, spec)
        case date():
            return _shown_time(value, spec)
        case str() | None:
            return "-" if value is None else value
    return joined(value, lang, spec)


def _shown_time(value: date, spec: str) -> str:
    if isinstance(value, datetime):
        return format(local_time(value), spec or "%d/%m/%Y %H:%M")
    return format(value, spec or "%d/%m/%Y")


@lru_cache(maxsize=4096)
def _sentence(msgid: str, lang: str) -> str | None:
    """The text of an id in a language, else in English; None for an unknown id. Ids may come from documents."""
    namespace, _, key = msgid.partition(":")
    if not (namespace.isidentifier() and key):
        return None
    for code in (lang, "en"):
        found = _catalogue(namespace, code).gettext(key)
        if found != key:
            return found
    return None


def _plural(msgid: str, count: int, lang: str) -> str | None:
    """Text of an id for a number; the only text of an id without plural forms."""
    namespace, _, key = msgid.partition(":")
    if _sentence(msgid, lang) is None:
        return None
    for code in (lang, "en"):
        found = _catalogue(namespace, code).ngettext(key, key, count)
        if found != key:
            return found
    return _sentence(msgid, lang)


@dataclass(frozen=True)
class _Placeholder:
    """A parameter in a sentence."""

    name: str
    spec: str
    capital: bool
    quoted: bool

    def shown(self, params: Mapping[str, Param], lang: str) -> str:
        value = params[self.name]
        spec = self.spec
        if type(value) is str and not spec:
            return value
        if spec == _PERCENT and isinstance(value, _NUMBERS):
            return _percentage_beside(value, params.get("limit"), lang)
        spec = "" if spec == _PERCENT else spec
        if isinstance(value, _NUMBERS) and ":" not in spec and spec != ".":
            return number(value, lang, _ID if self.quoted and not spec else spec)
        if spec == ".":
            return sentence(_shown(value, "", lang))
        shown = _shown(value, spec, lang)
        return shown[:1].upper() + shown[1:] if self.capital and shown != value else shown


@lru_cache(maxsize=4096)
def _pieces(msgid: str, lang: str) -> tuple[str | _Placeholder, ...]:
    """The pieces of the text of an id: text and parameters; none for an unknown id."""
    return _parsed(_sentence(msgid, lang))


@lru_cache(maxsize=4096)
def _parsed(sentence: str | None) -> tuple[str | _Placeholder, ...]:
    """The pieces of a sentence: text and parameters; none for a missing sentence."""
    if sentence is None:
        return ()
    pieces: list[str | _Placeholder] = []
    quotes = 0
    for literal, name, spec, conversion in string.Formatter().parse(sentence):
        quotes += literal.count("`")
        last = pieces[-1] if pieces and literal.startswith("%") else ""
        if isinstance(last, _Placeholder) and not last.spec and last.name != "limit":
            pieces[-1] = replace(last, spec=_PERCENT)
        if literal:
            pieces.append(literal)
        if name:
            pieces.append(_Placeholder(name, spec or "", conversion == "c", quotes % 2 == 1))
    return tuple(pieces)


@lru_cache(maxsize=64)
def _catalogue(namespace: str, lang: str) -> NullTranslations:
    """The texts of a namespace, those of the first folder first."""
    found = NullTranslations()
    for folder in reversed(_FOLDERS):
        loaded = catalogue.load(folder, namespace, lang)
        if loaded is not None:
            loaded.add_fallback(found)
            found = loaded
    return found
