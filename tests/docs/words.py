"""Measures of the language of the code: identifiers, class names, first lines of docstrings."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src"
#: Folders beside the source whose identifiers are held to the same words.
BESIDE = ("benchmarks", "docsite", "tests")

#: Words without a fixed meaning in the field; forbidden as parts of identifiers.
FORBIDDEN = frozenset(
    {
        "amiss",
        "asked",
        "bench",
        "book",
        "calm",
        "carrying",
        "compose",
        "crew",
        "glance",
        "judge",
        "keeper",
        "nobody",
        "pace",
        "said",
        "somebody",
        "story",
        "stranger",
        "tell",
        "told",
        "untold",
    }
)
_ANY = re.compile("|".join(FORBIDDEN), re.I)
#: Words of narration in the first line of a docstring.
NARRATION = re.compile(r"\b(it|that|what|told|one|who|whose|somebody|nobody|said|says|asked)\b", re.I)


@cache
def text_of(path: Path) -> str:
    """Text of a module, read once."""
    return path.read_text(encoding="utf-8")


@cache
def tree_of(path: Path) -> ast.Module:
    """Syntax tree of a module, parsed once."""
    return ast.parse(text_of(path))


def statements(tree: ast.Module) -> Iterator[ast.AST]:
    """The module and all statements inside, without expressions."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += (
            one for one in ast.iter_child_nodes(node) if isinstance(one, (ast.stmt, ast.excepthandler, ast.match_case))
        )


def modules(root: Path = SOURCE) -> Iterator[tuple[str, Path]]:
    """Package (`change`, `lab`, ...) and path of every module."""
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root).parts
        yield ("lab" if parts[0] == "eventready_lab" else parts[1].removesuffix(".py")), path


def words_of(identifier: str) -> list[str]:
    """Words of an identifier in snake case or camel case, in lower case."""
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", identifier)
    return [word for word in spaced.lower().split("_") if word]


def forbidden_identifiers(root: Path = SOURCE) -> Mapping[str, Counter[str]]:
    """Identifiers with a forbidden word, by package; by folder for the tests, the benchmarks and the site."""
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    beside = ((folder, path) for folder in BESIDE for path in sorted((root.parent / folder).rglob("*.py")))
    for package, path in (*modules(root), *beside):
        text = text_of(path)
        if not _ANY.search(text):
            continue
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.NAME and FORBIDDEN.intersection(words_of(token.string)):
                found[package][token.string] += 1
        if FORBIDDEN.intersection(words_of(path.stem)):
            found[package][path.stem] += 1
    return found


def class_names(root: Path = SOURCE) -> Mapping[str, list[str]]:
    """Places of the public classes of the product by name; the lab simulates and may share names of the field."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for package, path in modules(root):
        if package == "lab":
            continue
        for node in tree_of(path).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found[node.name].append(path.relative_to(root).as_posix())
    return found


def narrations(root: Path = SOURCE) -> Iterator[str]:
    """Places of the docstrings whose first line has a word of narration."""
    for _, path in modules(root):
        for node in statements(tree_of(path)):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (ast.get_docstring(node) or "").splitlines()
                if lines and NARRATION.search(lines[0]):
                    yield f"{path.relative_to(root)}:{getattr(node, 'lineno', 1)}: {lines[0]}"
