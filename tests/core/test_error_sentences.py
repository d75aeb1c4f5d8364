"""Sentences of errors are messages of the catalogue."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.docs import words

SOURCE = words.SOURCE
#: Modules whose texts are words of simulated devices and hosts, and the command line, whose help has its own catalogue.
DEVICE_WORDS = ("device", "dialects", "host", "servers", "terminal")
OWN_CATALOGUE = ("cli.py",)
#: English words of a sentence.
ENGLISH = re.compile(
    r"\b(the|an?|is|are|has|have|was|were|does|cannot|could|needs?|required|installed|found|no|not|by|with|without|and"
    r"|of|to|for|from)\b"
)
#: Internal errors, and the help of programs that only the lab starts.
INTERNAL = frozenset({"TypeError", "ValueError", "add_argument"})
#: Words of OsmoBSC and of the Wi-Fi machine's console, which the lab reads.
READ = frozenset(
    {
        "where RSL is up: +[1-9]",
        "Number of TCH/F channels total: +[1-9]",
        r"(\d+) total, (\d+) no channel",
        "eventready: all stations are on the air",
    }
)

pytestmark = pytest.mark.xdist_group("source")  # one worker parses the package


def trees() -> dict[Path, ast.Module]:
    return {path: words.tree_of(path) for path in sorted(SOURCE.rglob("*.py"))}


def name_of(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


@cache
def error_classes() -> set[str]:
    """Names of EventreadyError and of its subclasses in any module."""
    bases = {
        node.name: {name_of(base) for base in node.bases}
        for tree in trees().values()
        for node in words.statements(tree)
        if isinstance(node, ast.ClassDef)
    }
    found = {"EventreadyError"}
    while more := {name for name, parents in bases.items() if parents & found} - found:
        found |= more
    return found


def texts(node: ast.expr) -> Iterator[str]:
    """Texts of the code that an expression can be: constants and f-strings, also as parts of other expressions."""
    match node:
        case ast.Constant(value=str(value)):
            yield value
        case ast.JoinedStr(values=values):
            yield "".join(str(one.value) if isinstance(one, ast.Constant) else "{}" for one in values)
        case ast.IfExp(body=first, orelse=second) | ast.BinOp(left=first, right=second):
            yield from (*texts(first), *texts(second))
        case ast.BoolOp(values=values):
            yield from (text for value in values for text in texts(value))


def sentences(tree: ast.Module, classes: set[str]) -> Iterator[int]:
    """Lines of errors whose cause or remedy is a text of the code."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and name_of(node.func) in classes | {"error"}:
            given = [*node.args[:1], *(keyword.value for keyword in node.keywords if keyword.arg == "do")]
            if any(text for one in given for text in texts(one)):
                yield node.lineno


def other_texts(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and text of English sentences outside docstrings and internal errors.

    Files and scripts have several lines, and lines of a configuration start with a blank.
    """
    left_out: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) or (isinstance(node, ast.Call) and name_of(node.func) in INTERNAL):
            left_out |= set(ast.walk(node))
        elif isinstance(node, ast.JoinedStr) and node not in left_out:
            left_out |= set(node.values)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant | ast.JoinedStr) and node not in left_out:
            yield from ((node.lineno, text) for text in texts(node) if is_sentence(text))


def is_sentence(text: str) -> bool:
    return " " in text and "\n" not in text and not text.startswith(" ") and bool(ENGLISH.search(text))


@pytest.mark.slow
def test_errors_are_found() -> None:
    code = """
UsageError(f"no {name}")
UsageError(message("a:b"), do="Do.")
UsageError(message("a:b"), do="")
UsageError(message("a:b"), do=f"Not {near}." if near else "")
UsageError(reason or "no reason")
"""
    assert list(sentences(ast.parse(code), error_classes())) == [2, 3, 5, 6]


@pytest.mark.slow
def test_no_error_has_a_sentence_of_its_own() -> None:
    classes = error_classes()
    assert not [
        f"{path.relative_to(SOURCE).as_posix()}:{line}"
        for path, tree in trees().items()
        for line in sentences(tree, classes)
    ]


def test_other_texts_are_found() -> None:
    code = '''
"""The docstring of a module."""
def reason():
    """Return the reason."""
    if bad:
        raise ValueError("the grammar has no root")
    return f"the machine has no {thing}" if thing else "not installed"
configure(" no shutdown", "line vty\\n no login")
'''
    assert list(other_texts(ast.parse(code))) == [(7, "the machine has no {}"), (7, "not installed")]


@pytest.mark.slow
def test_the_lab_has_no_sentence_of_its_own() -> None:
    lab = SOURCE / "eventready_lab"
    found = [
        f"{path.relative_to(lab).as_posix()}:{line}: {text}"
        for path, tree in trees().items()
        if path.is_relative_to(lab) and path.relative_to(lab).parts[0] not in (*DEVICE_WORDS, *OWN_CATALOGUE)
        for line, text in other_texts(tree)
        if text not in READ
    ]
    assert not found
