"""Values of templates: misspelt ones of the inventory, and missing ones, each with its place, meaning and example."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import FrameType
from typing import Any, cast

import yaml
from jinja2 import Environment, StrictUndefined, TemplateError, Undefined, UndefinedError, meta, nodes
from jinja2.utils import missing

from eventready.core.errors import WorkspaceError
from eventready.core.messages import message
from eventready.workspace.devices.device import Device
from eventready.workspace.settings.intent_folders import IntentFolder

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


class Lacking(UndefinedError):
    """A missing value was used: `name` of `of`, or a variable of the template itself if `of` is `missing`."""

    def __init__(self, name: str, of: Any) -> None:
        super().__init__(name)
        self.name, self.of = name, of


class Missing(StrictUndefined):
    """Undefined value with its name and its container in the message."""

    @property
    def _undefined_message(self) -> str:
        if self._undefined_hint:
            return self._undefined_hint
        raise Lacking(str(self._undefined_name), self._undefined_obj)


@dataclass(frozen=True)
class MissingValue:
    """Missing value used by a template; `where`: file and line."""

    name: str
    of: Any
    where: str


def collecting(folder: Path, found: list[MissingValue]) -> type[Undefined]:
    """Return the type of undefined values noting each use in `found`, once, without ending the rendering."""

    def note(value: Undefined) -> None:
        name, of = str(value._undefined_name), value._undefined_obj
        if value._undefined_hint is None and not any(one.name == name and one.of is of for one in found):
            found.append(MissingValue(name, of, _place(folder)))

    return type("Collected", (Undefined,), _operations(note))


def _operations(note: Callable[[Undefined], None]) -> dict[str, Any]:
    """Return the operations on an undefined value, which is noted and stands for itself, 0 or an empty text."""

    def noted(result: Callable[[Undefined], Any]) -> Callable[..., Any]:
        def operation(value: Undefined, *_others: Any) -> Any:
            note(value)
            return result(value)

        return operation

    def attribute(value: Undefined, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        note(value)
        return value

    itself, zero, empty = noted(lambda value: value), noted(lambda _value: 0), noted(lambda _value: "")
    names = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow")
    reckoning = {f"__{side}{name}__": itself for name in names for side in ("", "r")}
    comparing = dict.fromkeys(("__lt__", "__le__", "__gt__", "__ge__", "__eq__", "__ne__"), noted(lambda _value: False))
    return {
        **reckoning, **comparing, "__slots__": (), "__getattr__": attribute, "__getitem__": itself, "__call__": itself,
        "__neg__": itself, "__pos__": itself, "__int__": zero, "__float__": noted(lambda _value: 0.0), "__len__": zero,
        "__str__": empty, "__bool__": noted(lambda _value: False), "__iter__": noted(lambda _value: iter(())),
        "__contains__": noted(lambda _value: False), "__hash__": id,
    }  # fmt: skip


def _place(folder: Path) -> str:
    """Return file and line of the innermost running template."""
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        template = frame.f_globals.get("__jinja_template__")
        if template is not None and Path(frame.f_code.co_filename).is_relative_to(folder):
            return f"{frame.f_code.co_filename}:{template.get_corresponding_lineno(frame.f_lineno)}"
        frame = frame.f_back
    return str(folder)


def missing_errors(
    found: Iterable[MissingValue], values: Mapping[str, object], device: Device, intent: IntentFolder
) -> Iterator[WorkspaceError]:
    """Yield the error for each missing value: its full name, and the responsible part of the inventory.

    A word or a number identifies its container only if it occurs once among the values.
    """
    for one in found:
        above = () if one.of is missing else _places(values, one.of, ())
        path = (*above[0], one.name) if len(above) == 1 else (one.name,)
        part = path[0] if len(above) == 1 else ""
        if part == "expect":
            do = message("change:template.lacks_expect", origin=device.origin)
        elif part in ("device", "event"):
            do = message("change:template.lacks_member", part=part, names=[*cast("Iterable[str]", values[part])])
        else:
            do = message("change:template.lacks_value", intent=intent.name, origin=device.origin)
        if spec := intent.at(path):
            example = _yaml(path, spec.example)
            do = message("change:template.lacks_example", meaning=spec.meaning.text, example=example, do=do)
        what = message("change:template.lacks", name=".".join(path), device=device.name)
        yield WorkspaceError(what, where=one.where, do=do)


def _yaml(path: tuple[str, ...], example: Any) -> str:
    """Return a value as a line of YAML under the last key of its path."""
    text = yaml.safe_dump(
        {path[-1]: example}, default_flow_style=True, allow_unicode=True, width=10_000, sort_keys=False
    )
    return text.strip()[1:-1]


def _places(value: Any, wanted: Any, place: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Return the paths of the object `wanted` among values."""
    if value is wanted:
        return [place]
    pairs: Iterable[tuple[Any, Any]] = ()
    if isinstance(value, Mapping):
        pairs = value.items()
    elif isinstance(value, list | tuple):
        pairs = enumerate(value)
    return [found for key, inner in pairs for found in _places(inner, wanted, (*place, str(key)))]
