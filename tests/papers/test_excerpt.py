"""Excerpts of raw texts around the subjects of a finding."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from eventready.core.language import Language
from eventready.papers.material.evidence import MATCHES, WIDTH, excerpt

VI, EN = Language("vi"), Language("en")


def test_excerpt_names_the_subject() -> None:
    text = "\n".join(f"Te0/0/{n}  up" for n in range(500))
    shown, cut = excerpt(text, ["Te0/0/250"], VI)
    assert "Te0/0/250  up" in shown
    assert shown.startswith("Te0/0/0  up")
    assert cut
    assert "lược" in shown
    assert "Te0/0/100" not in shown


def test_excerpt_shows_the_head_and_a_line_on_each_side() -> None:
    text = "\n".join(f"Te0/0/{n}" for n in range(40))
    gap = "  ⋯ {} lines left out"
    assert excerpt(text, ["Te0/0/20"], EN)[0].splitlines() == [
        "Te0/0/0", "Te0/0/1", "Te0/0/2", "Te0/0/3", gap.format(15),
        "Te0/0/19", "Te0/0/20", "Te0/0/21", gap.format(18),
    ]  # fmt: skip
    whole = "\n".join(text.splitlines()[:30])
    assert excerpt(whole, ["Te0/0/20"], EN) == (whole, False)


def test_excerpt_of_short_long_and_odd_texts() -> None:
    assert excerpt("one\ntwo", ["x"], EN) == ("one\ntwo", False)
    assert excerpt("", ["x"], EN) == ("", False)
    wide, cut = excerpt("x" * 1_000_000, [], EN)
    assert len(wide) < WIDTH + 10
    assert cut


@given(st.text(max_size=3000), st.lists(st.text(max_size=20), max_size=5))
def test_excerpt_is_bounded_whatever_comes(text: str, subjects: list[str]) -> None:
    shown, _ = excerpt(text, subjects, EN)
    assert shown.count("\n") <= 2 * MATCHES + 1
