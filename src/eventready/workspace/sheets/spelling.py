"""Spellings: text compared without case, diacritics, blanks and punctuation."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache, cached_property, lru_cache
from pathlib import Path

from eventready.workspace.files.yaml_document import load_yaml

_FILE = Path(__file__).with_name("spellings.yaml")
_TOKEN = re.compile(r"[^\W\d_]+|\d+")
#: Least likeness of a misspelt word, of `difflib`.
_ALIKE = 0.75
#: Least letters of a part of a name.
_PART = 4


@lru_cache(maxsize=8192)
def fold(text: str) -> str:
    """Letters and digits of a text, without case and diacritics: `Địa điểm` and `dia-diem` are equal."""
    plain = unicodedata.normalize("NFKD", text.casefold().replace("đ", "d"))
    return "".join(character for character in plain if character.isalnum())


def tokens(text: str) -> frozenset[str]:
    """Words and numbers of a text, folded: `NCS-5500` has `ncs` and `5500`."""
    return frozenset(fold(found) for found in _TOKEN.findall(text))


@cache
def spellings(*keys: str) -> Mapping[str, Sequence[str]]:
    """Lists of `spellings.yaml` under the keys."""
    return load_yaml(_FILE).mapping(*keys)


@cache
def listed(*keys: str) -> frozenset[str]:
    """Folded texts of a list of `spellings.yaml`."""
    *parents, last = keys
    return frozenset(fold(str(text)) or str(text) for text in spellings(*parents).get(last) or ())


@dataclass(frozen=True)
class Vocabulary:
    """Names with their spellings."""

    words: Mapping[str, Iterable[str]] = field(default_factory=dict)

    @cached_property
    def _by_form(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, dict[str, None]] = {}
        for name, forms in self.words.items():
            for form in (name, *forms):
                found.setdefault(fold(form), {})[name] = None
        return {form: tuple(names) for form, names in found.items() if form}

    def meant(self, text: str) -> tuple[str, ...]:
        """Return the possible names of a text; the very name alone, if known."""
        return (text,) if text in self.words else self._by_form.get(fold(text), ())

    def nearest(self, text: str) -> str:
        """Return the only name with a spelling like the text; empty for none or several."""
        return self._only(get_close_matches(fold(text), self._by_form, n=3, cutoff=_ALIKE))

    def nearest_or_part(self, text: str) -> str:
        """Return the nearest name, else the only name with a spelling around the text or inside the text."""
        folded = fold(text)
        forms = [
            one for one in self._by_form if min(len(one), len(folded)) >= _PART and (folded in one or one in folded)
        ]
        return self.nearest(text) or self._only(forms)

    def _only(self, forms: Iterable[str]) -> str:
        names = {name for form in forms for name in self._by_form[form]}
        return names.pop() if len(names) == 1 else ""
