"""A platform with all that it can be asked: `facts.yaml` checked to the last word, templates compiled once.

With `extends` a platform starts from another's facts and `cannot_tell`; what it says itself about a fact replaces what
it starts from. Read-only by construction: a command that the platform's patterns do not allow is refused here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, get_origin

from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from eventready.errors import WorkspaceError
from eventready.facts.build import RowBuilder, columns_of
from eventready.facts.catalogue import CATALOGUE, FactKind
from eventready.facts.parsers import ParserError, compile_reader, parser_names
from eventready.facts.reading import Reader
from eventready.platforms.loader import Description, allows, describe, in_one, suggestion
from eventready.platforms.model import FactSpec, FactsSpec, PlatformSpec
from eventready.workspace.yaml import load_yaml, several


@dataclass(frozen=True)
class CompiledFact:
    """How one platform answers one question, ready to run. `home` is the platform whose folder it comes from."""

    name: str
    spec: FactSpec
    kind: FactKind
    reader: Reader
    builder: RowBuilder
    empty: tuple[re.Pattern[str], ...]
    home: str
    origin: str

    @property
    def command(self) -> str:
        """What is sent."""
        return self.spec.command

    @property
    def commands(self) -> tuple[str, ...]:
        """All that is sent: a fact that compares two answers asks twice."""
        return (self.spec.command, self.spec.against) if self.spec.against else (self.spec.command,)


@dataclass(frozen=True)
class Platform:
    """A platform folder that holds. `facts` and `cannot_tell` have no fact in common."""

    name: str
    folder: Path
    spec: PlatformSpec
    facts: Mapping[str, CompiledFact]
    cannot_tell: Mapping[str, str]

    def allows(self, command: str) -> bool:
        """True when the whole command matches a read-only pattern, is one line, and is none that may never be sent."""
        return allows(self.spec, command)


def load_platform(name: str, extra_dirs: Iterable[Path | str] = ()) -> Platform:
    """The platform of that name; loaded once per process. Raises PlatformError with file and line."""
    return _load(name, tuple(map(Path, extra_dirs)))


@cache
def _load(name: str, extra_dirs: tuple[Path, ...]) -> Platform:
    return _Folder(name, extra_dirs, ()).platform()


class _Folder:
    """One folder being read; collects everything that does not hold before it raises."""

    def __init__(self, name: str, extra_dirs: tuple[Path, ...], path: tuple[str, ...]) -> None:
        self._described = describe(name, extra_dirs)
        self.name, self.folder = name, self._described.folder
        self._extra, self._path = extra_dirs, (*path, name)
        self._problems: list[WorkspaceError] = []

    def platform(self) -> Platform:
        """The platform, or a PlatformError that names every line that does not hold."""
        try:
            platform = self._read(self._described)
            if self._problems:
                raise several(self._problems)
        except WorkspaceError as error:
            raise in_one(error, self.name) from None
        return platform

    def _read(self, described: Description) -> Platform:
        top, spec = described.document, described.spec
        base = self._base(described)
        self._document = load_yaml(self.folder / "facts.yaml")
        facts = self._document.validate(FactsSpec)
        own = {name: fact for name, one in facts.facts.items() if (fact := self._fact(name, one, spec))}
        self._cannot_tell(facts)
        self._unused_templates(facts)
        merged = {n: f for n, f in (base.facts if base else {}).items() if n not in facts.cannot_tell} | own
        for name, fact in merged.items():
            refused = [command for command in fact.commands if not allows(spec, command)]
            if name not in own and refused:
                do = "Add a pattern for it, or say in facts.yaml how this platform answers it."
                self._problems.append(
                    top.error(f"read_only does not allow {refused[0]!r} ({name}, of {fact.home})", "read_only", do=do)
                )
        told = {n: r for n, r in (base.cannot_tell if base else {}).items() if n not in own} | facts.cannot_tell
        return Platform(self.name, self.folder, spec, MappingProxyType(merged), MappingProxyType(told))

    def _base(self, described: Description) -> Platform | None:
        extends = described.spec.extends
        if extends is None:
            return None
        if extends in self._path:
            circle = " > ".join((*self._path, extends))
            raise described.document.error(f"`extends` goes in a circle: {circle}", "extends")
        return _Folder(extends, self._extra, self._path).platform()

    def _problem(self, what: str, *keys: str, do: str = "") -> None:
        self._problems.append(self._document.error(what, *keys, do=do))

    def _fact(self, name: str, spec: FactSpec, platform: PlatformSpec) -> CompiledFact | None:
        """The compiled fact; None (and a problem noted) where it does not hold."""
        kind = CATALOGUE.get(name)
        if kind is None:
            self._problem(f"{name!r} is no fact", "facts", name, do=suggestion(name, CATALOGUE))
            return None
        before = len(self._problems)
        for key in ("command", "against") if spec.against else ("command",):
            if not allows(platform, getattr(spec, key)):
                self._problem(
                    f"the command {getattr(spec, key)!r} is not read-only by this platform's patterns",
                    *("facts", name, key),
                    do="An audit only reads: correct the command, or `read_only` in platform.yaml.",
                )
        if spec.against and spec.parser != "compared":
            self._problem(f"the parser {spec.parser} compares with nothing", "facts", name, "against")
        self._check_fields(name, spec, kind)
        self._check_words(name, spec, kind)
        reader = self._reader(name, spec)
        if reader is None or len(self._problems) > before:
            return None
        return CompiledFact(
            name=name,
            spec=spec,
            kind=kind,
            reader=reader,
            builder=RowBuilder(kind, spec),
            empty=tuple(map(re.compile, spec.empty)),
            home=self.name,
            origin=self._document.where("facts", name),
        )

    def _check_fields(self, name: str, spec: FactSpec, kind: FactKind) -> None:
        known = kind.record.model_fields
        record = kind.record.__name__
        for section in ("fields", "constants", "defaults"):
            for field in getattr(spec, section):
                if field not in known:
                    self._problem(
                        f"{record} has no field {field!r}", "facts", name, section, field, do=suggestion(field, known)
                    )
        for field in spec.defaults.keys() - spec.fields.keys():
            self._problem(f"there is a default for {field!r}, which fields does not read", *("facts", name, "defaults"))
        for field in spec.fields.keys() & spec.constants.keys():
            self._problem(f"{field!r} is both in fields and in constants", "facts", name, "constants", field)
        given = spec.fields.keys() | spec.constants.keys()
        missing = [field for field, info in known.items() if info.is_required() and field not in given]
        if missing:
            self._problem(
                f"{record} needs {', '.join(missing)}, and neither fields nor constants give it",
                "facts",
                name,
                "fields",
            )

    def _check_words(self, name: str, spec: FactSpec, kind: FactKind) -> None:
        known = kind.record.model_fields
        for field, table in spec.words.items():
            if field not in spec.fields:
                self._problem(
                    f"there are words for {field!r}, which fields does not read",
                    *("facts", name, "words", field),
                    do=suggestion(field, spec.fields),
                )
                continue
            for word, value in table.items():
                self._check_pattern(name, field, word)
                if field in known:
                    self._check_value(known[field], value, "facts", name, "words", field, word)
        for section, values in (("constants", spec.constants), ("defaults", spec.defaults)):
            for field, fixed in values.items():
                if field in known:
                    self._check_value(known[field], fixed, "facts", name, section, field)

    def _check_pattern(self, name: str, field: str, word: str) -> None:
        if len(word) > 2 and word.startswith("/") and word.endswith("/"):
            try:
                re.compile(word[1:-1], re.I)
            except re.error as error:
                self._problem(f"the pattern {word} does not compile: {error}", "facts", name, "words", field, word)

    def _check_value(self, info: FieldInfo, value: Any, *keys: str) -> None:
        if get_origin(info.annotation) is tuple:
            value = (value,)
        try:
            _adapter(info).validate_python(value)
        except ValidationError as error:
            message = error.errors(include_url=False)[0]["msg"].removeprefix("Value error, ")
            self._problem(f"{value!r} is no value of {keys[3]}: {message}", *keys)

    def _reader(self, name: str, spec: FactSpec) -> Reader | None:
        try:
            reader = compile_reader(spec, self.folder)
        except ParserError as error:
            known = spec.parser in parser_names()
            self._problem(str(error), "facts", name, "template" if known and spec.template else "parser")
            return None
        for column in columns_of(spec):
            if reader.columns is not None and column not in reader.columns:
                self._problem(
                    f"{spec.template} has no column {column!r}",
                    *("facts", name, "fields"),
                    do=suggestion(column, reader.columns),
                )
        return reader

    def _cannot_tell(self, facts: FactsSpec) -> None:
        for name, reason in facts.cannot_tell.items():
            if name not in CATALOGUE:
                self._problem(f"{name!r} is no fact", "cannot_tell", name, do=suggestion(name, CATALOGUE))
            elif name in facts.facts:
                self._problem(f"{name!r} is both in facts and in cannot_tell", "cannot_tell", name)
            elif not reason.strip():
                self._problem(f"cannot_tell gives no reason for {name!r}", "cannot_tell", name)

    def _unused_templates(self, facts: FactsSpec) -> None:
        used = {spec.template for spec in facts.facts.values() if spec.parser == "textfsm"}
        for file in sorted((self.folder / "parse").glob("*")):
            if file.name not in used:
                self._problems.append(
                    WorkspaceError(
                        "no fact uses this template", where=str(file), do="Use it in facts.yaml, or remove it."
                    )
                )


def _adapter(info: FieldInfo) -> TypeAdapter[Any]:
    annotation: Any = info.annotation
    for item in info.metadata:
        annotation = Annotated[annotation, item]
    return TypeAdapter(annotation)
