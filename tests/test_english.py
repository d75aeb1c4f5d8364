"""English by number."""

from __future__ import annotations

import pytest

from eventready.english import number_of


@pytest.mark.parametrize(
    ("number", "words", "said"),
    [
        (1, ("shift",), "1 shift"),
        (2, ("shift",), "2 shifts"),
        (0, ("person", "people"), "0 people"),
        (1, ("hazard is", "hazards are"), "1 hazard is"),
        (3, ("hazard is", "hazards are"), "3 hazards are"),
    ],
)
def test_a_noun_and_its_verb_follow_the_number(number: int, words: tuple[str, ...], said: str) -> None:
    assert number_of(number, *words) == said
