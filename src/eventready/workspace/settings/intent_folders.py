"""Intents of a workspace: a folder of templates each, with the meaning of its values and its writable lines."""

from __future__ import annotations

import ipaddress
import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from eventready.core.errors import InvalidValue, WorkspaceError
from eventready.core.messages import Message, message
from eventready.core.validation_messages import describe_value
from eventready.workspace.devices.intents import KNOWN_INTENTS, Intent, intent_names, usable
from eventready.workspace.files.yaml_document import YamlDocument, load_yaml, raise_errors
from eventready.workspace.model import PlacedModel, Title, WorkspaceModel


class WritableAddition(PlacedModel):
    """Patterns of lines, in the form of `change.writable` of a platform, for some intents of a platform."""

    platform: str = Field(min_length=1)
    intents: tuple[Intent, ...] | None = Field(default=None, min_length=1, description="Default: every intent")
    lines: dict[str, Any] = Field(min_length=1)
    by: str = Field(min_length=1, description="Responsible person")
    reason: str = Field(min_length=1)

    def serves(self, intents: Iterable[str]) -> bool:
        """Return True for an addition to any of these intents."""
        return self.intents is None or not set(self.intents).isdisjoint(intents)


class WritableFile(WorkspaceModel):
    """writable.yaml"""

    additions: tuple[WritableAddition, ...] = ()


def load_writable(path: Path, intents: Collection[str]) -> tuple[WritableAddition, ...]:
    """Read a writable.yaml for these intents; an absent file adds no line. Raises WorkspaceError."""
    if not path.exists():
        return ()
    document = load_yaml(path, may_be_empty=True)
    found = document.validate(WritableFile, context={KNOWN_INTENTS: intents}).additions
    return tuple(one.at(document.where("additions", index)) for index, one in enumerate(found))


#: Names of the files beside the templates.
VALUES, WRITABLE = "values.yaml", "writable.yaml"

ValueType = Literal["number", "text", "word", "boolean", "address", "network", "list", "mapping"]
Place = tuple[str, ...]


class ValueSpec(WorkspaceModel):
    """Value of an intent: type with bounds, meaning in both languages, example, default.

    `word` is text without blanks at its ends or a number. A value of no default is missing where a template uses it.
    """

    type: ValueType
    meaning: Title
    least: float | None = Field(default=None, allow_inf_nan=False, description="Least number, or items of a list")
    most: float | None = Field(default=None, allow_inf_nan=False, description="Largest number, or most items of a list")
    choices: tuple[str, ...] = Field(default=(), description="The only texts")
    keys: dict[str, ValueSpec] = Field(default={}, description="Values of a mapping, by key; empty: any")
    items: ValueSpec | None = Field(default=None, description="Items of a list")
    platforms: tuple[str, ...] = Field(default=(), description="Platforms whose templates use the value; empty: all")
    default: Any = Field(default=None, description="Used without a value of the inventory")
    example: Any = None

    @model_validator(mode="after")
    def _holds(self) -> Self:
        if self.keys and self.type != "mapping":
            raise InvalidValue(message("workspace:values.keys"))
        if self.items and self.type != "list":
            raise InvalidValue(message("workspace:values.items"))
        if self.least is not None and self.most is not None and self.least > self.most:
            raise InvalidValue(message("workspace:values.bounds", least=_number(self.least), most=_number(self.most)))
        for name, given in (("default", self.default), ("example", self.example)):
            for _place, what in () if given is None else self.problems(given, (name,)):
                raise InvalidValue(what)
        return self

    def problems(self, value: object, place: Place = ()) -> Iterator[tuple[Place, Message]]:
        """Yield the place and the sentence of each part of a value with another type or out of bounds."""
        if not _is_of(self.type, value):
            wanted = {"wanted": self.type, "value": describe_value(value)}
            yield place, message("workspace:values.type", name=_name(place), **wanted)
            return
        size = len(value) if isinstance(value, list | tuple) else value if isinstance(value, int | float) else None
        if size is not None and not (self.least is None or size >= self.least):
            yield place, message("workspace:values.least", name=_name(place), bound=_number(self.least), value=size)
        if size is not None and not (self.most is None or size <= self.most):
            yield place, message("workspace:values.most", name=_name(place), bound=_number(self.most), value=size)
        if self.choices and str(value) not in self.choices:
            yield place, message("workspace:values.choice", name=_name(place), choices=self.choices, value=str(value))
        for key, inner in self._parts(value):
            part = self._part(key)
            if part is not None:
                yield from part.problems(inner, (*place, key))

    def at(self, place: Iterable[str]) -> ValueSpec | None:
        """Return the part of the specification at a place below; None for an unknown place."""
        found: ValueSpec | None = self
        for key in place:
            found = found._part(key) if found else None
        return found

    def with_defaults(self, value: object) -> object:
        """Return a value with the defaults of the absent keys of its mappings."""
        if isinstance(value, Mapping) and self.keys:
            return {**filled(self.keys, {}), **{k: self._filled(str(k), inner) for k, inner in value.items()}}
        if isinstance(value, list | tuple) and self.items:
            return [self.items.with_defaults(inner) for inner in value]
        return value

    def _filled(self, key: str, value: object) -> object:
        part = self._part(key)
        return part.with_defaults(value) if part else value

    def _part(self, key: str) -> ValueSpec | None:
        return self.items if self.type == "list" else self.keys.get(key)

    def _parts(self, value: object) -> Iterator[tuple[str, object]]:
        if isinstance(value, Mapping):
            yield from ((str(key), inner) for key, inner in value.items())
        elif isinstance(value, list | tuple):
            yield from ((str(index), inner) for index, inner in enumerate(value))


def filled(specs: Mapping[str, ValueSpec], values: Mapping[str, object]) -> dict[str, object]:
    """Return values with the defaults of the absent ones, in mappings and lists too."""
    defaults = {name: spec.default for name, spec in specs.items() if spec.default is not None}
    return {
        **defaults,
        **{name: specs[name].with_defaults(value) if name in specs else value for name, value in values.items()},
    }


class ValuesFile(WorkspaceModel):
    """values.yaml of an intent: purpose, checks mended, and each value of the templates."""

    purpose: Title
    mends: tuple[str, ...] = Field(default=(), description="Checks whose findings the intent mends on its devices")
    values: Annotated[dict[str, ValueSpec], AfterValidator(usable)] = Field(default={})


@dataclass(frozen=True)
class IntentFolder:
    """Intent of a workspace. `values` is empty without a values.yaml; `writable` are lines of the intent alone.

    `mends`: the checks whose findings it mends, each with its place in the file.
    """

    name: str
    purpose: Title | None = None
    values: Mapping[str, ValueSpec] = field(default_factory=dict)
    writable: tuple[WritableAddition, ...] = ()
    mends: Mapping[str, str] = field(default_factory=dict)

    def filled(self, values: Mapping[str, object]) -> dict[str, object]:
        """Return template values with the defaults of the absent ones."""
        return filled(self.values, values)

    def at(self, place: Place) -> ValueSpec | None:
        """Return the specification of a value by its path; None for an unknown value."""
        found = self.values.get(place[0]) if place else None
        return found.at(place[1:]) if found else None

    def problems(self, values: Mapping[str, object]) -> Iterator[tuple[Place, Message]]:
        """Yield the place and the sentence of each invalid value."""
        for name, value in values.items():
            if name in self.values:
                yield from self.values[name].problems(value, (name,))


def load_intent_folders(templates: Path) -> dict[str, IntentFolder]:
    """Read the intents of a workspace from its `templates/`, the shipped intents first. Raises WorkspaceError."""
    found: dict[str, IntentFolder] = {}
    problems: list[WorkspaceError] = []
    names = intent_names(templates)
    for name in names:
        try:
            found[name] = _load(templates / name, names)
        except WorkspaceError as error:
            problems.append(error)
    raise_errors(problems)
    return found


def _load(folder: Path, known: tuple[str, ...]) -> IntentFolder:
    values = folder / VALUES
    document = load_yaml(values) if values.exists() else YamlDocument(values, None)
    file = document.validate(ValuesFile) if values.exists() else None
    additions = load_writable(folder / WRITABLE, known)
    for addition in additions:
        if addition.intents not in (None, (folder.name,)):
            raise WorkspaceError(message("workspace:values.other_intent", intent=folder.name), where=addition.origin)
    own = tuple(one.model_copy(update={"intents": (folder.name,)}).at(one.origin) for one in additions)
    if file is None:
        return IntentFolder(folder.name, writable=own)
    mends = {check: document.where("mends", index) for index, check in enumerate(file.mends)}
    return IntentFolder(folder.name, file.purpose, file.values, own, mends)


_PYTHON_TYPES: Mapping[ValueType, tuple[type, ...]] = {
    "number": (int, float), "text": (str,), "word": (str, int), "boolean": (bool,), "list": (list, tuple),
    "mapping": (Mapping,), "address": (str,), "network": (str,),
}  # fmt: skip


def _is_of(kind: ValueType, value: object) -> bool:
    if not isinstance(value, _PYTHON_TYPES[kind]) or isinstance(value, bool) != (kind == "boolean"):
        return False
    if kind == "word":
        return str(value).strip() == str(value) != ""
    if isinstance(value, float) and not math.isfinite(value):
        return False
    return kind not in ("address", "network") or _is_address(kind, str(value))


def _is_address(kind: ValueType, value: str) -> bool:
    try:
        ipaddress.ip_address(value) if kind == "address" else ipaddress.ip_network(value, strict=False)
    except ValueError:
        return False
    return True


def _name(place: Place) -> str:
    return ".".join(place)


def _number(value: float | None) -> str:
    return f"{value:g}"
