"""Words as engineers type them: with or without diacritics, composed or not, in any case and with stray spaces."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_SPACES = re.compile(r"\s+")
_NO_WORD = re.compile(r"[^0-9a-z]+")

#: Longer text in a cell is not a name or a note of a roster.
LONGEST = 500


def tidy(value: object) -> str:
    """Text as it is shown: composed letters (NFC), single spaces, nothing invisible."""
    text = unicodedata.normalize("NFC", str(value))
    spaced = "".join(c if c.isprintable() else " " for c in text if unicodedata.category(c) != "Cf")
    return _SPACES.sub(" ", spaced).strip()


@lru_cache(maxsize=8192)
def fold(text: str) -> str:
    """Text as it is compared: small letters without diacritics, and single spaces for all that is no letter or digit.

    `Họ và Tên:` and `HO VA TEN` are `ho va ten`.
    """
    bare = unicodedata.normalize("NFKD", text.casefold().replace("đ", "d"))
    letters = "".join(c for c in bare if not unicodedata.combining(c))
    return _NO_WORD.sub(" ", letters).strip()


#: The five tone marks of Vietnamese, as combining characters.
_TONES = "\u0300\u0301\u0303\u0309\u0323"


def spelled(name: str) -> str:
    """A name as it is compared: case and the place of the tone mark do not matter (`Hoà` is `HÒA`), the tone does."""
    words = unicodedata.normalize("NFD", name).casefold().split()
    return " ".join(
        "".join(c for c in word if c not in _TONES) + "".join(c for c in word if c in _TONES) for word in words
    )


def marks_kept(text: str) -> str:
    """A code as it is compared: case and spaces do not matter, diacritics do (`Đ` is a night, `D` is not)."""
    return _SPACES.sub("", unicodedata.normalize("NFC", text)).upper()


#: Skills by every word that means them.
_SKILLS = {
    "ran": "RAN", "vo tuyen": "RAN", "bts": "RAN", "bsc": "RAN", "radio": "RAN",
    "ip": "IP", "mang ip": "IP", "router": "IP", "bang rong": "IP",
    "wifi": "WiFi", "wi fi": "WiFi", "wlan": "WiFi",
    "power": "power", "nguon": "power", "nguon dien": "power", "dien": "power", "co dien": "power",
    "postal": "postal", "buu chinh": "postal",
    "transmission": "transmission", "truyen dan": "transmission", "truyen dan quang": "transmission",
}  # fmt: skip


def skill(word: str) -> str:
    """The tag of a skill: the common one where the word is known, the word itself otherwise."""
    return _SKILLS.get(fold(word), tidy(word))
