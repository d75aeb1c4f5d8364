"""Numbering of sections: I., 1., a) by the alphabet of the language."""

from __future__ import annotations

from eventready.papers.document.model import Heading

#: Letters of points; f, j, w, z are not of the alphabet, and letters with marks beside d are not used.
LETTERS = "abcdđeghiklmnopqrstuvxy"
ENGLISH = "abcdefghijklmnopqrstuvwxyz"
_ROMAN = ((10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"))


def roman(number: int) -> str:
    """A small number as a Roman numeral."""
    numeral = ""
    for value, letters in _ROMAN:
        while number >= value:
            numeral, number = numeral + letters, number - value
    return numeral


class Outline:
    """Counts headings as they are made."""

    def __init__(self, letters: str = LETTERS) -> None:
        self._letters = letters
        self._section = self._clause = self._point = 0

    def section(self, title: str) -> Heading:
        """I. in capitals."""
        self._section, self._clause, self._point = self._section + 1, 0, 0
        return Heading(1, f"{roman(self._section)}. {title.upper()}")

    def clause(self, title: str) -> Heading:
        """1."""
        self._clause, self._point = self._clause + 1, 0
        return Heading(2, f"{self._clause}. {title}")

    def point(self, title: str) -> Heading:
        """a)"""
        self._point += 1
        return Heading(3, f"{self._letters[self._point - 1]}) {title}")
