"""Texts are literals, so that they can be translated, and none is said that `texts` does not know."""

from __future__ import annotations

from pathlib import Path

import pytest

from eventready.checks.registry import all_checks
from eventready.checks.texts import texts, texts_in, titles
from tests.checks.casebook import all_cases


def test_every_text_that_is_said_is_listed() -> None:
    said = {finding.text for case in all_cases() for finding in case.findings()}
    assert said <= set(texts())


def test_a_computed_text_is_an_error(tmp_path: Path) -> None:
    module = tmp_path / "odd.py"
    module.write_text("text = 'a'\nyield_ = passed(name, text)\n")
    with pytest.raises(ValueError, match=r"odd\.py:2 says a text that is no literal"):
        list(texts_in(module))


def test_a_text_without_arguments_is_an_error(tmp_path: Path) -> None:
    module = tmp_path / "odd.py"
    module.write_text("x = failed(subject=name, text='a')\n")
    with pytest.raises(ValueError, match=r"odd\.py:1"):
        list(texts_in(module))


def test_literals_in_several_pieces_are_one_text(tmp_path: Path) -> None:
    module = tmp_path / "odd.py"
    module.write_text("x = failed(name, 'a '\n  'b')\n")
    assert list(texts_in(module)) == ["a b"]


def test_titles_are_those_of_all_checks() -> None:
    assert set(titles()) == {check.name for check in all_checks()}


def test_texts_are_sentences_or_begin_with_their_subject() -> None:
    for text in texts():
        assert text[0] == "{" or text[0].isupper(), text
        assert not text.endswith("."), text
