"""YAML syntax errors as sentences: problem, place, remedy.

Messages of the parser are not shown: an unquoted password may look like an alias or a tag and be quoted there.
"""

from __future__ import annotations

import re
from itertools import islice
from pathlib import Path

import yaml

from eventready.core.errors import WorkspaceError
from eventready.core.messages import message

MAX_DEPTH = 100

_BRACKET = re.compile(r"[\[\]{}]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")

#: Part of the parser's message, and the catalogue's message; the first match counts.
_PROBLEMS = {
    "mapping values are not allowed": message("workspace:yaml.colon"),
    "alias": message("workspace:yaml.alias_name"),
    "anchor": message("workspace:yaml.anchor"),
    "tag": message("workspace:yaml.tag"),
    "directive": message("workspace:yaml.directive"),
    "mapping keys": message("workspace:yaml.question"),
    "block scalar": message("workspace:yaml.block"),
    "hexdecimal": message("workspace:yaml.escape"),
    "document indicator": message("workspace:yaml.quote"),
    "document start": message("workspace:yaml.follows"),
    "sequence entries": message("workspace:yaml.dash"),
    "did not find expected ',' or ']'": message("workspace:yaml.list"),
    "did not find expected ',' or '}'": message("workspace:yaml.mapping"),
    "did not find expected node content": message("workspace:yaml.value"),
    "expected key": message("workspace:yaml.indent"),
    "expected '-' indicator": message("workspace:yaml.list_indent"),
    "block end": message("workspace:yaml.indent"),
    "could not find expected ':'": message("workspace:yaml.key_colon"),
    "unexpected end of stream": message("workspace:yaml.quote"),
    "unknown escape": message("workspace:yaml.escape"),
    "cannot start any token": message("workspace:yaml.character"),
    "nesting depth": message("workspace:yaml.nested"),
    "not allowed": message("workspace:yaml.control"),
}


def syntax_error(path: Path, text: str, error: yaml.YAMLError) -> WorkspaceError:
    """Convert an error of the parser."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = f"{getattr(error, 'context', None)} {getattr(error, 'problem', None) or getattr(error, 'reason', None)}"
    line = mark.line + 1 if mark is not None else _line_of_control(text)
    lines = text.split("\n")
    for number in (line, line - 1):
        if 0 < number <= len(lines) and re.match(r"[ -]*\t", lines[number - 1]):
            return WorkspaceError(message("workspace:yaml.tab"), where=f"{path}:{number}")
    for words, what in _PROBLEMS.items():
        if words in problem:
            return WorkspaceError(what, where=f"{path}:{line}")
    return WorkspaceError(message("workspace:yaml.other"), where=f"{path}:{line}")


def _line_of_control(text: str) -> int:
    found = _CONTROL.search(text)
    return text.count("\n", 0, found.start()) + 1 if found else 1


def bound_depth(path: Path, text: str) -> None:
    """Reject deeply nested text before the recursive parsers run. Raises WorkspaceError."""
    depth = 0
    if text.count("[") + text.count("{") > MAX_DEPTH:
        for number, character in enumerate(_BRACKET.findall(text)):
            depth = depth + 1 if character in "[{" else max(depth - 1, 0)
            if depth > MAX_DEPTH:
                raise too_deep(path, text, next(islice(_BRACKET.finditer(text), number, None)).start())
    if indented := re.search(r"^(?:[ ]|- |\? ){400}", text, re.M):
        raise too_deep(path, text, indented.start())


def too_deep(path: Path, text: str, at: int = 0) -> WorkspaceError:
    """Error for a text nested too deep at a place."""
    line = text.count("\n", 0, at) + 1
    return WorkspaceError(message("workspace:yaml.too_deep", limit=MAX_DEPTH), where=f"{path}:{line}")
