"""Words and telephone numbers as engineers type them: with or without diacritics, in any case, with stray spaces."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from pathlib import Path

from eventready.core.country import DEFAULT_COUNTRY, country
from eventready.core.messages import Message, message
from eventready.workspace.files.yaml_document import load_yaml
from eventready.workspace.sheets.spelling import Vocabulary

_SPACES = re.compile(r"\s+")
_NO_WORD = re.compile(r"[^0-9a-z]+")
#: A form of address before a name: `Đ/c Nguyễn Văn A`, `đ.c. ...`, `Đồng chí: ...`.
_ADDRESS = re.compile(r"^(?:đ\s*[/.]\s*c\b[.:]?|đồng\s+chí\b:?)\s*(?=\S)", re.IGNORECASE)

#: Longer text in a cell is not a name or a note of a roster.
LONGEST = 500


def tidy(value: object) -> str:
    """Return the text for display: composed letters (NFC), single spaces, nothing invisible."""
    text = unicodedata.normalize("NFC", str(value))
    spaced = "".join(c if c.isprintable() else " " for c in text if unicodedata.category(c) != "Cf")
    return _SPACES.sub(" ", spaced).strip()


def without_address(name: str) -> str:
    """Return a name in NFC without the form of address."""
    return _ADDRESS.sub("", unicodedata.normalize("NFC", name).strip())


@lru_cache(maxsize=8192)
def fold(text: str) -> str:
    """Return the text for comparison: small letters without diacritics, and single spaces for all other characters
    except digits.

    `Họ và Tên:` and `HO VA TEN` are `ho va ten`.
    """
    bare = unicodedata.normalize("NFKD", text.casefold().replace("đ", "d"))
    letters = "".join(c for c in bare if not unicodedata.combining(c))
    return _NO_WORD.sub(" ", letters).strip()


#: The five tone marks of Vietnamese, as combining characters.
_TONES = "\u0300\u0301\u0303\u0309\u0323"


def spelled(name: str) -> str:
    """Return a name for comparison: case and the place of the tone mark do not matter (`Hoà` is `HÒA`), the tone
    does."""
    words = unicodedata.normalize("NFD", name).casefold().split()
    return " ".join(
        "".join(c for c in word if c not in _TONES) + "".join(c for c in word if c in _TONES) for word in words
    )


#: Words for being reachable at home, not working.
_AT_HOME = (" tai nha ", " san sang ", " on call ", " oncall ")


def at_home(text: str) -> bool:
    """Return True for words with the meaning of being reachable, not working."""
    return any(word in f" {fold(text)} " for word in _AT_HOME)


def marks_kept(text: str) -> str:
    """Return a code for comparison: case and spaces do not matter, diacritics do (`Đ` is a night, `D` is not)."""
    return _SPACES.sub("", unicodedata.normalize("NFC", text)).upper()


#: Words of a roster.
WORDS = load_yaml(Path(__file__).with_name("words.yaml"))
_SKILLS = Vocabulary(WORDS.mapping("skills"))


def skill(word: str) -> str:
    """Return the tag of a skill: the common tag of a known word, the word itself otherwise."""
    return next(iter(_SKILLS.meant(word)), tidy(word))


def folded_words(*keys: str) -> dict[str, tuple[str, ...]]:
    """Return folded words by name, in the order of the file, for a search in longer texts."""
    return {name: tuple(map(fold, words)) for name, words in WORDS.mapping(*keys).items()}


_MOBILE = re.compile(r"0[35789]\d{8}")
_LANDLINE = re.compile(r"02\d{9}")
_OLD_MOBILE = re.compile(r"01[2689]\d{8}")
_JOINERS = re.compile(r"[\s.()\-\u2010-\u2015\u00a0]")
_BETWEEN = re.compile(r"\s[-\u2013]\s|[,;/|\n\r]+")

#: Number with a country code (E.164), and a number as people of another country write it.
_E164, _NATIONAL = re.compile(r"\+[1-9]\d{7,14}"), re.compile(r"\d{5,15}")


def phone_form() -> Message:
    """Form of a number, for messages."""
    return message("roster:form.phone" if country() == DEFAULT_COUNTRY else "roster:form.phone_abroad")


def numbers_in(value: object) -> list[str]:
    """The numbers in a cell, as they were typed."""
    return [part.strip() for part in _BETWEEN.split(str(value)) if part.strip()]


def normal_number(number: object) -> str | None:
    """Return the digits from 0 (`+84 912 345 678` is `0912345678`); None for another text than a telephone number.

    A number of another country has its country code. A spreadsheet that took it for a number has dropped the zero in
    front: nine or ten digits get it back. Abroad a number of 5 to 15 digits is as typed.
    """
    typed = re.sub(r"^\+(\d+?)\(0\)", r"+\1", re.sub(r"\s", "", str(number)))
    typed = _JOINERS.sub("", typed)
    if country() != DEFAULT_COUNTRY:
        typed = re.sub(r"^00(?=[1-9])", "+", typed)
        return typed if _E164.fullmatch(typed) or _NATIONAL.fullmatch(typed) else None
    if _E164.fullmatch(typed) and not typed.startswith("+84"):
        return typed
    typed = re.sub(r"^(\+84|0084|84(?=\d{9,10}$))0?", "0", typed)
    if re.fullmatch(r"[35789]\d{8}|2\d{9}", typed):
        typed = "0" + typed
    return typed if _MOBILE.fullmatch(typed) or _LANDLINE.fullmatch(typed) else None


def is_mobile(number: str) -> bool:
    """True for a normal mobile number, and for a number of another country, of unknown kind."""
    return country() != DEFAULT_COUNTRY or number.startswith("+") or _MOBILE.fullmatch(number) is not None


def number_complaint(number: object) -> Message:
    """Return the reason against an invalid number, without the whole number."""
    digits = _JOINERS.sub("", str(number))
    shown = f"{digits[:4]}***{digits[-2:]}" if len(digits) > 7 else "***"
    if country() == DEFAULT_COUNTRY and _OLD_MOBILE.fullmatch(digits):
        return message("roster:phone.old", shown=shown)
    count = sum(c.isdigit() for c in digits)
    return message("roster:phone.invalid", shown=shown, digits=count)
