"""Every sentence that a finding or a verdict can carry, collected from the source for the translators.

A text must be a literal where it is said; one that is not raises ValueError, which a test looks for.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from eventready.checks.answer import ANSWERS
from eventready.checks.registry import all_checks
from eventready.checks.verdict import SENTENCES

_HOME = Path(__file__).parent
#: The module that forwards texts instead of saying any.
_FORWARDS = "answer.py"


@cache
def texts() -> tuple[str, ...]:
    """All texts, sorted. Raises ValueError, with file and line, for one that is computed."""
    said = {text for path in sorted(_HOME.glob("*.py")) if path.name != _FORWARDS for text in texts_in(path)}
    return tuple(sorted(said | set(SENTENCES)))


def titles() -> dict[str, str]:
    """What each check verifies: its name to the first line of its docstring."""
    return {check.name: check.title for check in all_checks()}


def texts_in(path: Path) -> Iterator[str]:
    """The texts that one module says."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id not in ANSWERS:
            continue
        match node.args:
            case [_, ast.Constant(value=str(text)), *_]:
                yield text
            case _:
                raise ValueError(f"{path.name}:{node.lineno} says a text that is no literal")
