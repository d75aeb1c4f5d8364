"""Regular expressions in the code: the cost of each is bounded, as that of a platform's is."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from eventready.core.strings.pattern import exponent, search_exponent

SOURCE = Path(__file__).parents[2] / "src"
#: Steps of a failed match or search: the length of a line to this power.
MOST = 2
#: Costlier patterns by module and name, and what they are tried on instead of a device's text.
BOUNDED_OTHERWISE = {
    "eventready.roster.reading.legend _LINE": "a cell of a roster",
    "eventready.roster.reading.register _TAIL": "a cell of a roster",
    "eventready.audit.doctor _REQUIREMENT": "a requirement of this package",
    "eventready.change.forms.keyed _COMMAND": "a command of a plan",
    "eventready.cli.help_language _COLUMNS": "a line of help",
    "eventready.session.drivers _PASSWORD": "at most 40 characters before the colon",
    "eventready.session.drivers _USER": "at most 40 characters before the colon",
    "eventready.session.dialogue.opening _PASSWORD": "at most 40 characters before the colon",
    "eventready.workspace.sheets.xlsx _MERGED": "a worksheet of a limited size",
    "eventready.workspace.importing.cells _ADDRESS": "a cell of a spreadsheet, with bounded parts",
    "eventready.workspace.importing.merge _DASH": "a line of hosts.yaml, with bounded parts",
    "eventready.workspace.importing.merge _NESTED": "a line of hosts.yaml, with bounded parts",
}
_AT_ONE_PLACE = {"match", "fullmatch"}
_CALLS = {"compile", "search", "split", "sub", "subn", "findall", "finditer"} | _AT_ONE_PLACE


@cache
def modules() -> list[tuple[str, ast.Module]]:
    paths = [path for path in sorted((SOURCE / "eventready").rglob("*.py")) if path.name != "__main__.py"]
    names = [".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__") for path in paths]
    return [(name, ast.parse(path.read_text(encoding="utf-8"))) for name, path in zip(names, paths, strict=True)]


def patterns_in(value: Any) -> Iterator[str]:
    """Compiled patterns of a constant, also within tuples, lists and dictionaries."""
    if isinstance(value, re.Pattern):
        yield _text(value.pattern)
    elif isinstance(value, list | tuple | frozenset):
        yield from (pattern for inner in value for pattern in patterns_in(inner))
    elif isinstance(value, dict):
        yield from patterns_in([*value, *value.values()])


def _text(pattern: str | bytes) -> str:
    return pattern if isinstance(pattern, str) else pattern.decode("latin-1")


def uses(tree: ast.Module) -> dict[str, set[str]]:
    """Attributes taken of each name."""
    found: dict[str, set[str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            found.setdefault(node.value.id, set()).add(node.attr)
    return found


def costs(name: str, tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Place and cost of every pattern: constants of the module, however they are made, and literals in functions."""
    module, used = importlib.import_module(name), uses(tree)
    own = {
        target.id
        for node in tree.body
        for target in ast.walk(node)
        if isinstance(target, ast.Name) and isinstance(target.ctx, ast.Store)
    }
    for constant in own:
        for pattern in patterns_in(getattr(module, constant, None)):
            methods = used.get(constant, set()) - {"pattern", "groups", "groupindex"}
            yield f"{name} {constant}", cost(pattern, methods)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _CALLS:
            is_re = isinstance(node.func.value, ast.Name) and node.func.value.id == "re"
            literal = node.args[0] if is_re and node.func.attr != "compile" and node.args else None
            if isinstance(literal, ast.Constant) and isinstance(literal.value, str | bytes):
                yield f"{name} line {node.lineno}", cost(_text(literal.value), {node.func.attr})


def cost(pattern: str, methods: set[str]) -> int:
    """Exponent of a failed match at one place if only that is asked for, else of a search."""
    return exponent(pattern) if methods and methods <= _AT_ONE_PLACE else search_exponent(pattern)


def test_no_expression_in_code_takes_long_to_fail() -> None:
    found = {place: cost for name, tree in modules() for place, cost in costs(name, tree) if cost > MOST}
    assert {place: cost for place, cost in found.items() if place not in BOUNDED_OTHERWISE} == {}
    assert BOUNDED_OTHERWISE.keys() <= found.keys()


def test_patterns_are_compiled_once_at_the_top() -> None:
    """A literal that a function compiles would escape the test above."""
    inside = [
        f"{name}:{node.lineno}"
        for name, tree in modules()
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) == "re.compile"
        and isinstance(node.args[0], ast.Constant)
    ]
    assert inside == []


@pytest.mark.parametrize(("pattern", "methods", "most"), [(r"\s*\d*\s*x", {"match"}, 2), (r"a+b", {"search"}, 2)])
def test_the_method_decides_about_the_cost(pattern: str, methods: set[str], most: int) -> None:
    assert cost(pattern, methods) == most
