"""The names by which an intent's templates ask for values: under a misspelt one a value would never be heard of."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jinja2 import Environment, TemplateError, meta, nodes

#: What goes through a mapping whatever its keys are called.
_WALKS = frozenset({"items", "keys", "values", "get", "dictsort", "xmlattr", "tojson", "pprint"})
#: How alike two names are of which one is taken for the other misspelt: `floatingg`, `max_client`, `prot`.
_ALIKE = 0.75


@dataclass(frozen=True)
class Asked:
    """`names` are all words by which templates may ask for something; `walked` tells that some take keys as data."""

    names: frozenset[str]
    walked: bool = False

    def misspelt(self, values: Any, place: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
        """Where a value stands that nobody asks for, and the like name that is asked for and not given beside it.

        A value that merely is not needed is nobody's mistake. Below the first names only where no keys are data.
        """
        if isinstance(values, Mapping):
            lacking = self.names - values.keys()
            for key, inner in values.items():
                if key not in self.names:
                    near = difflib.get_close_matches(str(key), lacking, n=1, cutoff=_ALIKE)
                    yield from (((*place, str(key)), name) for name in near)
                elif not self.walked:
                    yield from self.misspelt(inner, (*place, str(key)))
        elif isinstance(values, list | tuple):
            for inner in values:
                yield from self.misspelt(inner, place)


def asked_by(environment: Environment, templates: Iterable[str]) -> Asked:
    """What these templates ask for, and those that they bring in. One that does not hold asks for nothing here."""
    names: set[str] = set()
    walked = False
    waiting, seen = list(templates), set[str]()
    while waiting:
        name = waiting.pop()
        tree = None if name in seen else _tree(environment, name)
        seen.add(name)
        if tree is None:
            continue
        for other in meta.find_referenced_templates(tree):
            waiting += [other] if other else environment.list_templates(extensions=["j2"])
        words = set(_words(tree))
        names |= words
        walked = walked or bool(words & _WALKS) or any(map(_by_value, tree.find_all(nodes.Getitem)))
    return Asked(frozenset(names), walked)


def _tree(environment: Environment, name: str) -> nodes.Template | None:
    if environment.loader is None:
        return None
    try:
        return environment.parse(environment.loader.get_source(environment, name)[0])
    except (TemplateError, OSError, UnicodeDecodeError, RecursionError):
        return None  # said when it is rendered


def _words(tree: nodes.Template) -> Iterator[str]:
    for node in tree.find_all((nodes.Name, nodes.Getattr, nodes.Const, nodes.Filter)):
        match node:
            case nodes.Getattr(attr=word) | nodes.Name(name=word) | nodes.Filter(name=word):
                yield word
            case nodes.Const(value=str() as text):
                yield from text.split(".")  # `map(attribute="a.b")`


def _by_value(node: nodes.Getitem) -> bool:
    """`values[name]`: any key may be meant. A slice or a number is a place in a list."""
    return not isinstance(node.arg, nodes.Const | nodes.Slice)
