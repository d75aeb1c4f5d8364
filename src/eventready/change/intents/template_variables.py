"""The variable names of an intent's templates, to detect misspelt values in the inventory."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jinja2 import Environment, TemplateError, meta, nodes

#: Names that iterate over a mapping whatever its keys.
_WALKS = frozenset({"items", "keys", "values", "get", "dictsort", "xmlattr", "tojson", "pprint"})
#: Similarity above which a name counts as a misspelling of another: `floatingg`, `max_client`, `prot`.
_ALIKE = 0.75


@dataclass(frozen=True)
class TemplateVariables:
    """Variables of templates. `names` are all names for lookup by templates; `walked`: some templates iterate over keys
    as data."""

    names: frozenset[str]
    walked: bool = False

    def misspelt(self, values: Any, place: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
        """Yield the path of each unused value, and the similar used name without a value at the same level.

        A merely unused value is not an error. Nested names count only if no keys are data.
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


def collect_variables(environment: Environment, templates: Iterable[str]) -> TemplateVariables:
    """Return the variables of these templates and of all included templates; an invalid template has none."""
    names: set[str] = set()
    walked = False
    waiting, seen = list(templates), set[str]()
    while waiting:
        name = waiting.pop()
        found = None if name in seen else _template(environment, name)
        seen.add(name)
        if found is None:
            continue
        for other in found.included:
            waiting += [other] if other else environment.list_templates(extensions=["j2"])
        names |= found.names
        walked = walked or found.walked
    return TemplateVariables(frozenset(names), walked)


@dataclass(frozen=True)
class _Template:
    """Names of a template and of its included templates; None is a computed name."""

    names: frozenset[str]
    walked: bool
    included: tuple[str | None, ...]


def _template(environment: Environment, name: str) -> _Template | None:
    if environment.loader is None:
        return None
    try:
        return _parsed(environment, environment.loader.get_source(environment, name)[0])
    except (TemplateError, OSError, UnicodeDecodeError, RecursionError):
        return None  # rendering reports it


@lru_cache(maxsize=512)
def _parsed(environment: Environment, source: str) -> _Template:
    """Return the names of a parsed template; every plan of a process needs them again."""
    tree = environment.parse(source)
    words = frozenset(_words(tree))
    walked = bool(words & _WALKS) or any(map(_by_value, tree.find_all(nodes.Getitem)))
    return _Template(words, walked, tuple(meta.find_referenced_templates(tree)))


def _words(tree: nodes.Template) -> Iterator[str]:
    for node in tree.find_all((nodes.Name, nodes.Getattr, nodes.Const, nodes.Filter)):
        match node:
            case nodes.Getattr(attr=word) | nodes.Name(name=word) | nodes.Filter(name=word):
                yield word
            case nodes.Const(value=str() as text):
                yield from text.split(".")  # `map(attribute="a.b")`


def _by_value(node: nodes.Getitem) -> bool:
    """Return True for `values[name]`: any key may be meant. A slice or a number is a list index."""
    return not isinstance(node.arg, nodes.Const | nodes.Slice)
