"""Platform with its facts: `facts.yaml` validated, templates compiled.

With `extends` a platform starts from another's facts and `unsupported`; what it says itself about a fact replaces what
it starts from. Read-only by construction: a command that the platform's patterns do not allow is refused here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, get_origin

from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from eventready.core.errors import InvalidValue, WorkspaceError
from eventready.core.messages import Bilingual, message
from eventready.core.strings.pattern import remembered
from eventready.core.validation_messages import Key, Sentence
from eventready.facts.catalogue import CATALOGUE, FactKind
from eventready.facts.command_template import examples
from eventready.facts.parsing import routes
from eventready.facts.parsing.build import RowBuilder, columns_of, is_pattern
from eventready.facts.parsing.line_pattern import LinePattern, unreachable
from eventready.facts.parsing.parsed import LineReader, TextParser
from eventready.facts.parsing.parsers import BUILT_IN, ParserError, compile_parser, parser_names
from eventready.facts.record_blocks import RecordBlocks
from eventready.facts.records import Fact
from eventready.platforms.loader import HOME, Description, allows, describe, in_one, suggestion
from eventready.platforms.model import FactSpec, FactsSpec, PlatformSpec, Reason, Source
from eventready.session.dialogue.patterns import patterns as session_patterns
from eventready.workspace.files.yaml_document import YamlDocument, combine_errors, load_yaml

_NOT_LITERAL = re.compile(r"\\[AbBdDsSwWZ]|\(\?P<\w+>|\[[^\]]*\]|\{\d+(?:,\d*)?\}|\$\{\w+\}")
_WORD = re.compile(r"[A-Za-z][A-Za-z-]+")
#: Fact that the `way_in` of a platform describes.
ROUTE = "origin_route"
#: Keys of a fact with patterns that are searched in each line.
_SEARCHED = ("carries", "empty", "headings", "counts", "subtotals", "trailers", "silent")


@dataclass(frozen=True)
class CompiledFact:
    """Command, parser and words of a fact of a platform, compiled.

    `home`: the platform whose folder defines the fact. `sources`: public sources of its form; none if `unconfirmed`.
    `questions`: of a fact that is asked in questions, those with a command each; None for any other fact. `absence`: of
    a question, the record for the answer that there is none.
    """

    name: str
    spec: FactSpec
    kind: FactKind
    parser: TextParser
    builder: RowBuilder
    empty: tuple[LinePattern, ...]
    headings: tuple[LinePattern, ...]
    counts: tuple[LinePattern, ...]
    subtotals: tuple[LinePattern, ...]
    trailers: tuple[LinePattern, ...]
    silent: tuple[LinePattern, ...]
    record: RecordBlocks | None
    home: str
    origin: str
    sources: tuple[Source, ...] = ()
    unconfirmed: bool = False
    questions: tuple[CompiledFact, ...] | None = None
    absence: Fact | None = None

    @property
    def command(self) -> str:
        """The command of the fact."""
        return self.spec.command

    @property
    def commands(self) -> tuple[str, ...]:
        """All commands to send: two for a fact with `also`, `instead` or `against`, or those of its questions."""
        if self.questions is not None:
            return tuple(dict.fromkeys(command for question in self.questions for command in question.commands))
        spec = self.spec
        return tuple(filter(None, (spec.command, spec.also, spec.instead, spec.against)))

    @property
    def patterns(self) -> tuple[str, ...]:
        """The regular expressions of its parser and of the lines without rows."""
        spec = self.spec
        own = self.parser.patterns if isinstance(self.parser, LineReader) else ()
        record = filter(None, (spec.record.starts, spec.record.lines)) if spec.record else ()
        return (*own, *record, *spec.empty, *spec.headings, *spec.counts, *spec.subtotals, *spec.trailers, *spec.silent)


@dataclass(frozen=True)
class Platform:
    """A valid platform folder. `facts` and `unsupported` have no fact in common."""

    name: str
    folder: Path
    spec: PlatformSpec
    facts: Mapping[str, CompiledFact]
    unsupported: Mapping[str, Bilingual]

    @property
    def unconfirmed(self) -> tuple[str, ...]:
        """Facts with a form without public source."""
        return tuple(name for name, fact in self.facts.items() if fact.unconfirmed)

    @cached_property
    def packaged(self) -> bool:
        """True where this package brings all facts and parsers: tests bound the time of reading."""
        parsers = {*BUILT_IN, routes.PARSER}
        return all(fact.spec.parser in parsers and (HOME / fact.home).is_dir() for fact in self.facts.values())

    @cached_property
    def words(self) -> frozenset[str]:
        """Words of the platform's grammar in lower case, kept in the evidence of configuration commands."""
        spec = self.spec
        patterns = (
            pattern
            for fact in self.facts.values()
            if any(map(self.prints_configuration, fact.commands))
            for pattern in fact.patterns
        )
        commands = (command for fact in self.facts.values() for command in fact.commands)
        change = _strings_in(spec.change.model_dump()) if spec.change else ()
        return _words_in([*spec.read_only, *spec.never_sent, *change, *commands, *patterns])

    def prints_configuration(self, command: str) -> bool:
        """Return True for a command with configuration text as its answer."""
        change = self.spec.change
        if change and command in (change.read, change.startup):
            return True
        return any(re.search(pattern, command) for pattern in self.spec.configuration)

    def allows(self, command: str) -> bool:
        """Return True for a single line with a match of a read-only pattern and no match of `never_sent`."""
        return allows(self.spec, command)


def load_platform(name: str, extra_dirs: Iterable[Path | str] = ()) -> Platform:
    """Return a platform; loaded once per process. Raises PlatformError with file and line."""
    return _load(name, tuple(map(Path, extra_dirs)))


def load_usable(name: str, extra_dirs: Iterable[Path | str] = ()) -> tuple[Platform, tuple[WorkspaceError, ...]]:
    """Return a platform without its invalid facts, and their errors: for `doctor parse`, while a platform is written.

    Raises PlatformError where nothing can be read.
    """
    folder = _Folder(name, tuple(map(Path, extra_dirs)), (), partial=True)
    return folder.platform(), folder.problems


@cache
def _load(name: str, extra_dirs: tuple[Path, ...]) -> Platform:
    folder = _Folder(name, extra_dirs, ())
    with remembered() if folder.folder.parent == HOME else nullcontext():
        return folder.platform()


def _reason(reason: str | Reason) -> Bilingual:
    return Bilingual("", reason) if isinstance(reason, str) else Bilingual(reason.vi, reason.en)


class _Folder:
    """Reader of a folder; collects all errors before raising."""

    def __init__(
        self, name: str, extra_dirs: tuple[Path, ...], path: tuple[str, ...], *, partial: bool = False
    ) -> None:
        self._described = describe(name, extra_dirs)
        self.name, self.folder = name, self._described.folder
        self._extra, self._path, self._partial = extra_dirs, (*path, name), partial
        self._problems: list[WorkspaceError] = []

    @property
    def problems(self) -> tuple[WorkspaceError, ...]:
        """Errors of the folder, in the order of its files."""
        return tuple(self._problems)

    def platform(self) -> Platform:
        """Return the platform. Raises PlatformError with every invalid line."""
        try:
            platform = self._read(self._described)
            if self._problems and not self._partial:
                raise combine_errors(self._problems)
        except WorkspaceError as error:
            raise in_one(error, self.name) from None
        return platform

    def _read(self, described: Description) -> Platform:
        top, spec = described.document, described.spec
        base = self._base(described)
        self._document = load_yaml(self.folder / "facts.yaml")
        facts = self._usable() if self._partial else self._document.validate(FactsSpec)
        own = {name: fact for name, one in facts.facts.items() if (fact := self._fact(name, one, spec))}
        if ROUTE not in {*facts.facts, *facts.unsupported} and (route := self._origin_route(spec, base)):
            own[ROUTE] = route
        self._check_unsupported(facts)
        self._unused_templates(facts)
        self._check_sources(top, spec, facts)
        merged = {n: f for n, f in (base.facts if base else {}).items() if n not in facts.unsupported} | own
        for name, fact in merged.items():
            sent = fact.commands if fact.questions is None else tuple(examples(name, fact.command))
            refused = [command for command in sent if not allows(spec, command)]
            if name not in own and refused:
                self._problems.append(
                    top.error(
                        message("facts:platform.inherited_command", command=refused[0], name=name, home=fact.home),
                        "read_only",
                    )
                )
        inherited = {n: r for n, r in (base.unsupported if base else {}).items() if n not in own}
        unsupported = inherited | {name: _reason(reason) for name, reason in facts.unsupported.items()}
        return Platform(self.name, self.folder, spec, MappingProxyType(merged), MappingProxyType(unsupported))

    def _usable(self) -> FactsSpec:
        """Return the facts with a valid shape; the errors of the others are noted."""
        usable: dict[str, FactSpec] = {}
        for name in self._document.mapping("facts"):
            try:
                usable[name] = self._document.validate(FactSpec, "facts", name)
            except WorkspaceError as error:
                self._problems.append(error)
        rest = {key: value for key, value in self._document.mapping().items() if key != "facts"}
        shape = replace(self._document, data={**rest, "facts": {}}).validate(FactsSpec)
        return shape.model_copy(update={"facts": usable})

    def _base(self, described: Description) -> Platform | None:
        extends = described.spec.extends
        if extends is None:
            return None
        if extends in self._path:
            circle = " > ".join((*self._path, extends))
            raise described.document.error(message("facts:platform.circle", circle=circle), "extends")
        return _Folder(extends, self._extra, self._path).platform()

    def _origin_route(self, spec: PlatformSpec, base: Platform | None) -> CompiledFact | None:
        """Return the fact of the routes to origins, read by the folder's own `way_in`; None without `way_in`.

        None as well where an audit may not send its commands: `read_only` of a workspace's platform may lack them.
        """
        way_in = spec.way_in
        if way_in is None or not way_in.routed or (base and base.spec.way_in == way_in):
            return None
        read = FactSpec(
            command=way_in.route.replace("{address}", "{target}"),
            also=way_in.default,
            parser=routes.PARSER,
            fields=routes.FIELDS,
            empty=tuple(filter(None, [way_in.absent])),
            headings=way_in.headings,
        )
        sent = (*self._sent(CATALOGUE[ROUTE], read, "command"), *filter(None, [read.also]))
        if not all(allows(spec, command) for command in sent):
            return None
        return self._fact(ROUTE, read, spec, routes.RouteParser(way_in))

    def _problem(self, what: Sentence, *keys: Key, do: Sentence = "") -> None:
        self._problems.append(self._document.error(what, *keys, do=do))

    def _fact(
        self, name: str, spec: FactSpec, platform: PlatformSpec, parser: TextParser | None = None
    ) -> CompiledFact | None:
        """Return the compiled fact; None, and a noted error, for an invalid fact. `parser`: default: `spec`'s own."""
        kind = CATALOGUE.get(name)
        if kind is None:
            self._problem(message("facts:platform.no_fact", name=name), "facts", name, do=suggestion(name, CATALOGUE))
            return None
        before = len(self._problems)
        for key in ("command", *(key for key in ("also", "instead", "against") if getattr(spec, key))):
            for command in self._sent(kind, spec, key):
                if not allows(platform, command):
                    self._problem(message("facts:platform.not_read_only", command=command), "facts", name, key)
        if bool(spec.also) + bool(spec.instead) + bool(spec.against) > 1:
            self._problem(message("facts:platform.one_command"), "facts", name)
        if spec.join and not spec.also:
            self._problem(message("facts:platform.join"), "facts", name, "join")
        if spec.against and spec.parser != "compared":
            self._problem(message("facts:platform.compares", parser=spec.parser), "facts", name, "against")
        for index, pattern in enumerate(spec.empty):
            if reason := unreachable(pattern, session_patterns(platform.session)):
                self._problem(
                    message("facts:platform.never_matches", pattern=pattern, reason=reason),
                    "facts",
                    name,
                    "empty",
                    index,
                )
        self._check_fields(name, spec, kind)
        self._check_words(name, spec, kind)
        self._check_cost(name, spec)
        self._check_record(name, spec)
        parser = None if len(self._problems) > before else parser or self._parser(name, spec)
        unconfirmed = spec.unconfirmed or platform.unconfirmed
        if parser is None:
            return None
        return CompiledFact(
            name=name,
            spec=spec,
            kind=kind,
            parser=parser,
            builder=RowBuilder(kind, spec),
            empty=tuple(map(LinePattern, spec.empty)),
            headings=tuple(map(LinePattern, spec.headings)),
            counts=tuple(map(LinePattern, spec.counts)),
            subtotals=tuple(map(LinePattern, spec.subtotals)),
            trailers=tuple(map(LinePattern, spec.trailers)),
            silent=tuple(map(LinePattern, spec.silent)),
            record=RecordBlocks(spec.record) if spec.record else None,
            home=self.name,
            origin=self._document.where("facts", name),
            sources=() if unconfirmed else tuple(s for s in platform.sources if not s.confirms or name in s.confirms),
            unconfirmed=unconfirmed,
            questions=() if kind.per_question else None,
        )

    def _sent(self, kind: FactKind, spec: FactSpec, key: str) -> tuple[str, ...]:
        """Return the command of a key; of a template, the commands of example questions."""
        if not kind.per_question:
            return (getattr(spec, key),)
        try:
            return tuple(examples(kind.name, spec.command))
        except KeyError as error:
            argument = str(error.args[0])
            self._problem(message("facts:platform.no_argument", argument=argument), "facts", kind.name, key)
            return ()

    def _check_sources(self, top: YamlDocument, spec: PlatformSpec, facts: FactsSpec) -> None:
        unconfirmed = {name for name, fact in facts.facts.items() if fact.unconfirmed or spec.unconfirmed}
        known = [*facts.facts, "change", *([ROUTE] if spec.way_in else ())]
        for index, source in enumerate(spec.sources):
            for name in source.confirms:
                place = ("sources", index, "confirms")
                if name not in known:
                    what = message("facts:platform.no_fact_here", name=name)
                    self._problems.append(top.error(what, *place, do=suggestion(name, known)))
                elif name in unconfirmed:
                    what = message("facts:platform.both_confirmed", name=name)
                    self._problems.append(top.error(what, *place))

    def _check_cost(self, name: str, spec: FactSpec) -> None:
        """Record an error for every pattern with a cost beyond the limits of a line."""
        keyed: dict[str, Iterable[str]] = {key: getattr(spec, key) or () for key in _SEARCHED}
        keyed["record"] = filter(None, (spec.record.starts, spec.record.lines)) if spec.record else ()
        keyed |= {"items": spec.items.values(), "where": spec.where.values()}
        keyed["expand"] = [pattern for patterns in spec.expand.values() for pattern in patterns]
        keyed["words"] = [word[1:-1] for table in spec.words.values() for word in table if is_pattern(word)]
        for key, patterns in keyed.items():
            for pattern in patterns:
                try:
                    LinePattern(pattern)
                except re.error:
                    continue  # noted by its own check
                except InvalidValue as error:
                    self._problem(error.error.cause, "facts", name, key, do=error.error.remedy)

    def _check_record(self, name: str, spec: FactSpec) -> None:
        """Record an error for bounds of records in an answer without lines of records."""
        if spec.record and (spec.whole or spec.against or spec.parser == "jmespath"):
            self._problem(message("facts:platform.record"), "facts", name, "record")

    def _check_fields(self, name: str, spec: FactSpec, kind: FactKind) -> None:
        known = kind.record.model_fields
        record = kind.record.__name__
        for section in ("fields", "constants", "defaults", "prompt"):
            for field in getattr(spec, section):
                if field not in known:
                    self._problem(
                        message("facts:platform.no_field", record=record, field=field),
                        "facts",
                        name,
                        section,
                        field,
                        do=suggestion(field, known),
                    )
        for field in spec.defaults.keys() - spec.fields.keys():
            self._problem(message("facts:platform.default", field=field), *("facts", name, "defaults"))
        for field in spec.fields.keys() & spec.constants.keys():
            self._problem(message("facts:platform.both_fields", field=field), "facts", name, "constants", field)
        given = spec.fields.keys() | spec.constants.keys()
        missing = [field for field, info in known.items() if info.is_required() and field not in given]
        if missing:
            self._problem(message("facts:platform.needs", record=record, fields=missing), "facts", name, "fields")

    def _check_words(self, name: str, spec: FactSpec, kind: FactKind) -> None:
        known = kind.record.model_fields
        for field, table in spec.words.items():
            if field not in spec.fields:
                self._problem(
                    message("facts:platform.words", field=field),
                    *("facts", name, "words", field),
                    do=suggestion(field, spec.fields),
                )
                continue
            for word, value in table.items():
                self._check_pattern(name, field, word)
                if field in known and value != "":
                    self._check_value(known[field], value, "facts", name, "words", field, word)
        for section, values in (("constants", spec.constants), ("defaults", spec.defaults)):
            for field, fixed in values.items():
                if field in known:
                    self._check_value(known[field], fixed, "facts", name, section, field)

    def _check_pattern(self, name: str, field: str, word: str) -> None:
        if is_pattern(word):
            try:
                re.compile(word[1:-1], re.I)
            except re.error as error:
                self._problem(
                    message("facts:platform.pattern", pattern=word, reason=str(error)),
                    "facts",
                    name,
                    "words",
                    field,
                    word,
                )

    def _check_value(self, info: FieldInfo, value: Any, *keys: str) -> None:
        if get_origin(info.annotation) is tuple:
            value = (value,)
        try:
            _adapter(info).validate_python(value)
        except ValidationError as error:
            reason = error.errors(include_url=False)[0]["msg"].removeprefix("Value error, ")
            self._problem(message("facts:platform.value", value=str(value), field=keys[3], reason=reason), *keys)

    def _parser(self, name: str, spec: FactSpec) -> TextParser | None:
        try:
            parser = compile_parser(spec, self.folder)
        except ParserError as error:
            known = spec.parser in parser_names()
            self._problem(str(error), "facts", name, "template" if known and spec.template else "parser")
            return None
        for column in columns_of(spec):
            if parser.columns is not None and column not in parser.columns:
                self._problem(
                    message("facts:platform.column", template=spec.template, column=column),
                    *("facts", name, "fields"),
                    do=suggestion(column, parser.columns),
                )
        return parser

    def _check_unsupported(self, facts: FactsSpec) -> None:
        for name, reason in facts.unsupported.items():
            if name not in CATALOGUE:
                self._problem(
                    message("facts:platform.no_fact", name=name), "unsupported", name, do=suggestion(name, CATALOGUE)
                )
            elif name in facts.facts:
                self._problem(message("facts:platform.both_unsupported", name=name), "unsupported", name)
            elif isinstance(reason, str) and not reason.strip():
                self._problem(message("facts:platform.no_reason", name=name), "unsupported", name)

    def _unused_templates(self, facts: FactsSpec) -> None:
        used = {spec.template for spec in facts.facts.values() if spec.parser == "textfsm"}
        for file in sorted((self.folder / "parse").glob("*")):
            if file.name not in used:
                self._problems.append(WorkspaceError(message("facts:platform.template_unused"), where=str(file)))


def _adapter(info: FieldInfo) -> TypeAdapter[Any]:
    annotation: Any = info.annotation
    for item in info.metadata:
        annotation = Annotated[annotation, item]
    return TypeAdapter(annotation)


def _words_in(sources: Iterable[str]) -> frozenset[str]:
    """Return the literal words (lower case) of commands and regular expressions."""
    found = (word for source in sources for word in _WORD.findall(_NOT_LITERAL.sub(" ", source)))
    return frozenset(word.strip("-").lower() for word in found)


#: Fields of a platform with words for people: the words of evidence are those of the device alone.
_PROSE = frozenset({"harm", "event", "source", "default_reason", "reason"})


def _strings_in(value: Any) -> Iterator[str]:
    """Yield the texts of a nested document, without its keys and without sentences for people."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (text for key, inner in value.items() if key not in _PROSE for text in _strings_in(inner))
    elif isinstance(value, list | tuple):
        yield from (text for inner in value for text in _strings_in(inner))
