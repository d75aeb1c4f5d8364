"""Figures of style of the source tree: `python -m tests.docs.figures` prints them as two tables.

Lines are counted as by `wc -l`. A room is a package below `eventready`, or the lab. Functions are measured from
`def` to their last line, docstrings included; suppressions are `noqa` and `type: ignore` per 1,000 lines.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from statistics import median, quantiles

from tests.docs.words import SOURCE, modules, narrations, statements, text_of, tree_of

_SUPPRESSION = re.compile(r"#\s*(?:noqa|type:\s*ignore)")
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
#: Modules beside each other from which a folder counts as crowded.
CROWDED = 14


def lines_by_room() -> Counter[str]:
    """Lines of Python by room, the lab as one room."""
    counts: Counter[str] = Counter()
    for room, path in modules():
        counts[room] += text_of(path).count("\n")
    return counts


def modules_by_folder() -> Counter[str]:
    """Number of modules beside each other, by folder, without `__init__`."""
    return Counter(
        path.parent.relative_to(SOURCE).as_posix() for _, path in modules() if not path.name.startswith("__init__")
    )


def function_lengths() -> list[int]:
    """Lengths of all functions in lines, in ascending order."""
    return sorted(
        (node.end_lineno or node.lineno) - node.lineno + 1 for node in _nodes() if isinstance(node, _FUNCTIONS)
    )


def documented() -> tuple[int, int]:
    """Number of public modules, classes and functions with a docstring, and of all."""
    public = [
        node
        for node in _nodes()
        if isinstance(node, ast.Module) or (isinstance(node, (ast.ClassDef, *_FUNCTIONS)) and node.name[:1] != "_")
    ]
    return sum(1 for node in public if ast.get_docstring(node)), len(public)


def suppressions() -> int:
    """Number of suppressed findings of linters and types."""
    return sum(len(_SUPPRESSION.findall(text_of(path))) for _, path in modules())


def _nodes() -> Iterator[ast.AST]:
    for _, path in modules():
        yield from statements(tree_of(path))


def main() -> None:
    """Print the figures."""
    rooms, lengths = lines_by_room(), function_lengths()
    with_docstring, public = documented()
    narrated = len(list(narrations()))
    product = sum(rooms.values()) - rooms["lab"]
    print(f"{'room':<14}{'lines':>8}")
    for room, lines in rooms.most_common():
        print(f"{room:<14}{lines:>8,}")
    print(f"{'product':<14}{product:>8,}\n")
    p95, long = quantiles(lengths, n=20)[-1], sum(1 for length in lengths if length > 60)
    print(f"functions: {len(lengths):,}, median {median(lengths):.0f}, p95 {p95:.0f}, ", end="")
    print(f"longest {lengths[-1]}, above 60 lines {long}")
    print(f"public docstrings: {with_docstring / public:.0%}; first lines of narration: {narrated}")
    print(f"suppressions: {suppressions() * 1000 / sum(rooms.values()):.1f} per 1,000 lines")
    for folder, count in modules_by_folder().most_common():
        if count > CROWDED:
            print(f"modules beside each other: {count} in {folder}")


if __name__ == "__main__":
    main()
