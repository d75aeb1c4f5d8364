"""The parsers by name: those of platforms/model.py, and what the entry point group `eventready.parsers` adds.

An entry point names a callable that takes the FactSpec and gives a `Reader`.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import get_args

from eventready.facts.build import columns_of
from eventready.facts.compared import Compared
from eventready.facts.mml import Report
from eventready.facts.objects import Objects
from eventready.facts.reading import Reader
from eventready.facts.tables import Template, TemplateError, has_error_rule, silent_places
from eventready.platforms.model import FactSpec, Parser

GROUP = "eventready.parsers"
BUILT_IN: tuple[str, ...] = get_args(Parser)


class ParserError(ValueError):
    """The parser, its template or its expression does not hold."""


def parser_names() -> tuple[str, ...]:
    """All parsers that can be named in facts.yaml."""
    return (*BUILT_IN, *sorted(point.name for point in entry_points(group=GROUP)))


def compile_reader(spec: FactSpec, folder: Path) -> Reader:
    """The reader of a fact; `folder` holds its own templates in parse/. Raises ParserError."""
    if spec.parser == "textfsm":
        return _own(folder / "parse" / spec.template) if spec.template else _no_template(spec)
    if spec.parser == "ntc":
        return _ntc(spec.template.removesuffix(".textfsm")) if spec.template else _no_template(spec)
    try:
        if spec.parser == "jmespath":
            return Objects(spec.template, columns_of(spec)) if spec.template else _no_template(spec)
        if spec.parser == "mml":
            return Report(columns_of(spec))
        if spec.parser == "compared":
            return Compared(spec.against, spec.template)
    except ValueError as error:
        raise ParserError(str(error)) from None
    return _added(spec)


def _no_template(spec: FactSpec) -> Reader:
    raise ParserError(f"the parser {spec.parser} needs a template")


def _added(spec: FactSpec) -> Reader:
    """A reader from an entry point; whatever that one raises is told as it is."""
    for point in entry_points(group=GROUP, name=spec.parser):
        try:
            reader: Reader = point.load()(spec)
        except Exception as error:
            raise ParserError(f"the parser {spec.parser!r} of {point.value} fails: {error}") from error
        return reader
    raise ParserError(f"there is no parser {spec.parser!r}; there are {', '.join(parser_names())}")


@cache
def _own(path: Path) -> Reader:
    """An own template: every line is known to it or an Error."""
    template = _template(path)
    places = silent_places(template)
    if places:
        raise ParserError(f"{path.name} drops lines in silence: {'; '.join(places)}")
    return template


@cache
def _ntc(name: str) -> Reader:
    """A template of ntc-templates that has an Error rule (one in five has none)."""
    path = ntc_folder() / f"{name}.textfsm"
    template = _template(path)
    if not has_error_rule(template):
        raise ParserError(f"the ntc template {name} has no Error rule and drops lines in silence; write an own one")
    return template


def ntc_folder() -> Path:
    """Where the installed ntc-templates keeps its templates. Raises ParserError."""
    found = find_spec("ntc_templates")
    if found is None or not found.submodule_search_locations:
        raise ParserError("ntc-templates is not installed")
    return Path(found.submodule_search_locations[0]) / "templates"


def _template(path: Path) -> Template:
    try:
        source = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ParserError(f"there is no template {path.name} in {path.parent.parent.name}/{path.parent.name}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ParserError(f"the template {path.name} cannot be read: {error}") from None
    try:
        return Template(source)
    except TemplateError as error:
        place = f" (line {error.line})" if error.line else ""
        raise ParserError(f"the template {path.name} does not compile{place}: {error}") from None
