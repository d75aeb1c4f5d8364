"""Lines of texts end at LF, CR or both, everywhere in the product and in the tests of its reading."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from eventready.core.strings.texts import lines_of

ROOT = Path(__file__).parents[3]
ROOMS = ("src/eventready", "src/eventready_lab", "tests/facts", "tests/platforms", "tests/hostile", "tests/session")


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", []),
        ("\n", [""]),
        ("a\nb\r\nc\rd", ["a", "b", "c", "d"]),
        ("a\n\n", ["a", ""]),
        ("a\x0bb\x0cc\x1cd\x1de\x1ef\x85g\u2028h\u2029\n", ["a\x0bb\x0cc\x1cd\x1de\x1ef\x85g\u2028h\u2029"]),
    ],
)
def test_other_characters_end_no_line(text: str, lines: list[str]) -> None:
    assert lines_of(text) == lines


@pytest.mark.slow
def test_no_text_is_split_by_other_characters() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for room in ROOMS
        for path in sorted((ROOT / room).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr == "splitlines"
    ]
    assert found == []
