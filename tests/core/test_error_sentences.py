"""Sentences of errors are messages of the catalogue."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.docs import words

SOURCE = words.SOURCE / "eventready"

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


def sentences(tree: ast.Module, classes: set[str]) -> Iterator[int]:
    """Lines of errors whose cause or remedy is a text of the code."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and name_of(node.func) in classes | {"error"}:
            given = [*node.args[:1], *(keyword.value for keyword in node.keywords if keyword.arg == "do")]
            if any(isinstance(one, ast.JoinedStr) or (isinstance(one, ast.Constant) and one.value) for one in given):
                yield node.lineno


def test_errors_are_found() -> None:
    code = 'UsageError(f"no {name}")\nUsageError(message("a:b"), do="Do.")\nUsageError(message("a:b"), do="")\n'
    assert list(sentences(ast.parse(code), error_classes())) == [1, 2]


def test_no_error_has_a_sentence_of_its_own() -> None:
    classes = error_classes()
    assert not [
        f"{path.relative_to(SOURCE).as_posix()}:{line}"
        for path, tree in trees().items()
        for line in sentences(tree, classes)
    ]
