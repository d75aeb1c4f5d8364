"""Parsers by name: of platforms/model.py, and of the entry point group `eventready.parsers`.

An entry point names a callable that takes the FactSpec and gives a `TextParser`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import get_args

from eventready.core.allowed_content import verified
from eventready.facts.parsing.build import columns_of
from eventready.facts.parsing.json_parser import JsonParser
from eventready.facts.parsing.line_pattern import LineRules
from eventready.facts.parsing.mml import MmlParser
from eventready.facts.parsing.parsed import ParsedText, TextParser
from eventready.facts.parsing.properties import PropertiesParser
from eventready.facts.parsing.statements import StatementsParser
from eventready.facts.parsing.template import Template, TemplateError, costly_places, silent_places
from eventready.facts.parsing.two_answers import ComparisonParser
from eventready.platforms.model import FactSpec, Parser

GROUP = "eventready.parsers"
BUILT_IN: tuple[str, ...] = get_args(Parser)


class ParserError(ValueError):
    """Invalid parser, template or expression."""


def parser_names() -> tuple[str, ...]:
    """Return the names of all parsers."""
    return (*BUILT_IN, *sorted(point.name for point in entry_points(group=GROUP)))


def compile_parser(spec: FactSpec, folder: Path) -> TextParser:
    """Compile the parser of a fact; the templates of the platform are in `folder`/parse. Raises ParserError."""
    make = _MAKERS.get(spec.parser)
    if make is None:
        return _added(spec)
    if spec.parser in _WITH_TEMPLATE and not spec.template:
        raise ParserError(f"the parser {spec.parser} needs a template")
    try:
        return make(spec, folder)
    except ParserError:
        raise
    except ValueError as error:
        raise ParserError(str(error)) from None


def _added(spec: FactSpec) -> TextParser:
    """Return a parser from an entry point. Raises ParserError."""
    for point in entry_points(group=GROUP, name=spec.parser):
        try:
            parser: TextParser = point.load()(spec)
        except Exception as error:
            raise ParserError(f"the parser {spec.parser!r} of {point.value} fails: {error}") from error
        return parser
    raise ParserError(f"there is no parser {spec.parser!r}; there are {', '.join(parser_names())}")


@dataclass(frozen=True)
class TemplateParser:
    """A TextFSM template with its rules for unmatched lines."""

    template: Template
    lines: LineRules

    @property
    def columns(self) -> tuple[str, ...]:
        """The template's values."""
        return self.template.columns

    def parse(self, text: str) -> ParsedText:
        """Return rows and unmatched lines. Raises nothing."""
        return self.template.parse(text, self.lines)

    @property
    def patterns(self) -> tuple[str, ...]:
        """The regular expressions of the template's rules."""
        return self.template.patterns

    def reads(self, line: str) -> bool:
        """Return True for a line with a matching rule with values."""
        return self.template.matches(line, valued=True)

    def knows(self, line: str) -> bool:
        """Return True for a harmless line or a line with a matching rule."""
        return self.template.matches(line) or self.lines.harmless(line)


@cache
def _template_parser(
    path: Path, carries: tuple[str, ...] | None, harmless: tuple[str, ...], begins: tuple[str, ...]
) -> TemplateParser:
    """Return the parser shared by all facts with the same template and lines: an answer is parsed once."""
    return TemplateParser(_template(path), LineRules(carries, harmless, begins))


@cache
def _template(path: Path) -> Template:
    """Return a template of the platform. Raises ParserError for silently dropped lines and for costly rules."""
    template = _compiled(path)
    places = silent_places(template)
    if places:
        raise ParserError(f"{path.name} drops lines in silence: {'; '.join(places)}")
    places = costly_places(template)
    if places:
        raise ParserError(
            f"{path.name} has rules that may take too long to fail: {'; '.join(places)}. "
            "Let each repeat end at a character that it cannot match itself"
        )
    return template


def _lines(spec: FactSpec) -> tuple[tuple[str, ...] | None, tuple[str, ...], tuple[str, ...]]:
    harmless = (*spec.empty, *spec.counts, *spec.subtotals, *spec.trailers)
    return spec.carries, harmless, (spec.record.starts,) if spec.record else ()


def _compiled(path: Path) -> Template:
    try:
        source = verified(path, path.read_bytes()).decode()
    except FileNotFoundError:
        raise ParserError(f"there is no template {path.name} in {path.parent.parent.name}/{path.parent.name}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ParserError(f"the template {path.name} cannot be read: {error}") from None
    try:
        return Template(source)
    except TemplateError as error:
        place = f" (line {error.line})" if error.line else ""
        raise ParserError(f"the template {path.name} does not compile{place}: {error}") from None


_WITH_TEMPLATE = ("textfsm", "jmespath", "statements")
_MAKERS: dict[str, Callable[[FactSpec, Path], TextParser]] = {
    "textfsm": lambda spec, folder: _template_parser(folder / "parse" / spec.template, *_lines(spec)),
    "jmespath": lambda spec, _folder: JsonParser(spec.template, columns_of(spec)),
    "statements": lambda spec, _folder: StatementsParser(
        spec.template, columns_of(spec), LineRules(harmless=(*spec.empty, *spec.headings))
    ),
    "properties": lambda spec, _folder: PropertiesParser(spec.template, columns_of(spec)),
    "mml": lambda spec, _folder: MmlParser(columns_of(spec)),
    "compared": lambda spec, _folder: ComparisonParser(spec.against, spec.template),
}
