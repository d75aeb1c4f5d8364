"""YAML files with line numbers: parsed by the C parser, values by the YAML 1.2 core schema.

Nornir reads the same files with ruamel.yaml, also by YAML 1.2: `on`, `12:30` and `0123` are text, text and 123 in both.
Dates stay text and are parsed by their field. A file is read event by event; the tree of nodes, ten times as large as
the values, is built for line numbers in error messages only.
"""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from eventready.core.allowed_content import verified
from eventready.core.errors import WorkspaceError, distinct_errors, os_reason
from eventready.core.messages import Message, message, text
from eventready.core.validation_messages import SHOWN, Key, Sentence, describe_error, describe_value
from eventready.workspace.files.yaml_syntax import bound_depth, syntax_error, too_deep

M = TypeVar("M", bound=BaseModel)

#: Parser of events; PyYAML without libyaml has the slower one alone.
_Parser: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

#: Maximum size of a workspace file.
MAX_BYTES = 16 * 1024 * 1024
#: Maximum number of nodes after alias expansion.
MAX_NODES = 20_000_000

_BOOLS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_INT = re.compile(r"[-+]?[0-9]+")
_OTHER_INT = re.compile(r"[-+]?0(o[0-7]+|x[0-9a-fA-F]+|b[01]+)")
_FLOAT = re.compile(
    r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
)
#: Tags of text and of collections that change nothing.
_TEXT = ("!", "tag:yaml.org,2002:str")
_COLLECTIONS = {
    yaml.SequenceStartEvent: ("!", "tag:yaml.org,2002:seq"),
    yaml.MappingStartEvent: ("!", "tag:yaml.org,2002:map"),
}
#: Value of a text without a document.
_NOTHING = object()


@dataclass(frozen=True)
class YamlDocument:
    """Data of a file as plain Python types, with line numbers of its text. `text`: None for data of other places.

    `lines`: from 0, of the keys of the top-level mapping. `aliased`: the text has an alias.
    """

    path: Path
    data: Any
    text: str | None = field(default=None, repr=False, compare=False)
    lines: Mapping[Any, int] = field(default_factory=dict, repr=False, compare=False)
    aliased: bool = field(default=False, repr=False, compare=False)
    _keys: dict[int, dict[str | None, tuple[yaml.Node, yaml.Node]]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @cached_property
    def root(self) -> yaml.Node | None:
        """Tree of nodes."""
        return None if self.text is None else _Parser(self.text).get_single_node()

    def line(self, *keys: Key) -> int:
        """Line number (from 1) of the part under `keys`, or of its nearest known parent."""
        node, line = self.root, 1
        for key in keys:
            if isinstance(node, yaml.MappingNode):
                found = self._under(node).get(str(key))
                if found is None:
                    break
                line, node = found[0].start_mark.line + 1, found[1]
            elif isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
                node = node.value[key]
                line = node.start_mark.line + 1
            else:
                break
        return line

    def _under(self, node: yaml.MappingNode) -> dict[str | None, tuple[yaml.Node, yaml.Node]]:
        """Nodes by key, cached: large inventories may need a line number per host."""
        if id(node) not in self._keys:
            self._keys[id(node)] = {_scalar_text(key): (key, value) for key, value in reversed(node.value)}
        return self._keys[id(node)]

    def origins(self) -> dict[str, str]:
        """`file:line` by key of the top-level mapping."""
        return {str(key): f"{self.path}:{line + 1}" for key, line in self.lines.items()}

    def where(self, *keys: Key) -> str:
        """`file:line` of the part under `keys`."""
        return f"{self.path}:{self.line(*keys)}"

    def error(self, what: Sentence, *keys: Key, do: Sentence = "") -> WorkspaceError:
        """Build an error about the part under `keys`."""
        return WorkspaceError(what, where=self.where(*keys), do=do)

    def mapping(self, *keys: Key) -> dict[str, Any]:
        """Mapping under `keys`; null is an empty mapping. Raises WorkspaceError for another type."""
        part: Any = self.data
        for key in keys:
            part = part[key]
        if part is None:
            return {}
        if not isinstance(part, dict):
            name = f"'{keys[-1]}'" if keys else message("workspace:value.file")
            raise self.error(message("workspace:must_hold_lines", name=name, value=describe_value(part)), *keys)
        for key in part:
            if not isinstance(key, str):
                raise self.error(message("workspace:key_not_text", key=json.dumps(key)), *keys, key)
        return part

    def validate(self, model: type[M], *keys: Key, context: dict[str, Any] | None = None) -> M:
        """Validate the part under `keys` as `model`. Raises WorkspaceError with every invalid line.

        `context`: passed to the validators of the model.
        """
        try:
            return model.model_validate(self.mapping(*keys), context=context)
        except ValidationError as error:
            raise combine_errors(self.errors_of(error, model, *keys)) from None

    def errors_of(self, error: ValidationError, model: type[BaseModel], *keys: Key) -> list[WorkspaceError]:
        """Errors with place for a pydantic validation error."""
        details = error.errors(include_url=False)
        found = []
        for detail in details:
            place = detail["loc"]
            if detail["type"] == "too_short" and any(d["loc"][: len(place)] == place != d["loc"] for d in details):
                continue  # consequence of invalid items, which are reported themselves
            what, do = describe_error(detail, model)
            found.append(self.error(what, *keys, *place, do=do))
        return found


class WorkspaceErrors(WorkspaceError):
    """Several workspace errors, a line each."""

    def __init__(self, problems: list[WorkspaceError]) -> None:
        super().__init__(message("workspace:errors", count=len(problems)))
        self.problems = tuple(problems)

    @property
    def whole(self) -> Message:
        """Number of errors, and the first ones with place, cause and remedy."""
        named = tuple(problem.whole for problem in self.problems[:SHOWN])
        return message("workspace:errors_named", count=len(self.problems), problems=named)

    def render(self, lang: str) -> str:
        """Return the number of errors, and a line each for the first ones."""
        lines = [problem.render(lang) for problem in self.problems[:SHOWN]]
        more = len(self.problems) - len(lines)
        rest = [text("workspace:more_errors", lang, more=more)] if more else []
        return "\n".join([f"{super().render(lang).rstrip('.')}:", *lines, *rest])


def combine_errors(problems: Iterable[WorkspaceError]) -> WorkspaceError:
    """Combine errors into a single error, without duplicates; a single error is returned unchanged."""
    distinct = distinct_errors(problems)
    return distinct[0] if len(distinct) == 1 else WorkspaceErrors(distinct)


def raise_errors(problems: Sequence[WorkspaceError]) -> None:
    """Raise the errors as a single error, if there are any."""
    if problems:
        raise combine_errors(problems)


def load_yaml(path: Path, *, may_be_empty: bool = False) -> YamlDocument:
    """Read a YAML file. Raises WorkspaceError with line and remedy."""
    return parse_yaml(path, _read(path), may_be_empty=may_be_empty)


def parse_yaml(path: Path, text: str, *, may_be_empty: bool = False) -> YamlDocument:
    """Parse the text of a file. Raises WorkspaceError with line and remedy."""
    bound_depth(path, text)
    events = _Events(path, text)
    try:
        value = events.whole()
    except yaml.YAMLError as error:
        raise syntax_error(path, text, error) from None
    except RecursionError:
        raise too_deep(path, text) from None
    if value is not _NOTHING:
        return YamlDocument(path, value, text, events.lines, aliased=events.aliased)
    if may_be_empty:
        return YamlDocument(path, {})
    raise WorkspaceError(message("workspace:file.empty"), where=str(path))


def load_optional(path: Path) -> YamlDocument:
    """Read a YAML file; an empty mapping for an empty or missing file. Raises WorkspaceError."""
    return load_yaml(path, may_be_empty=True) if path.exists() else YamlDocument(path, {})


def _read(path: Path) -> str:
    try:
        status = path.stat()
        size = status.st_size
        if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):  # a pipe would be waited for
            raise WorkspaceError(message("workspace:file.not_regular"), where=str(path))
        if size > MAX_BYTES:
            raise WorkspaceError(
                message("workspace:file.too_large", size=size / 1_048_576, limit=MAX_BYTES // 1_048_576),
                where=str(path),
            )
        raw = verified(path, path.read_bytes())
    except FileNotFoundError:
        raise WorkspaceError(message("workspace:file.missing"), where=str(path)) from None
    except OSError as error:
        raise WorkspaceError(message("workspace:file.unreadable", reason=os_reason(error)), where=str(path)) from None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise WorkspaceError(
            message("workspace:file.not_utf8", byte=raw[error.start]), where=f"{path}:{line}"
        ) from None


class _Events:
    """Reader of the values of a text, event by event: aliases are shared, duplicate keys and unknown tags rejected.

    Equal scalars share an object: devices of an inventory are alike. `lines`: from 0, of the keys of the mapping that
    ended last. `aliased`: the text has an alias.
    """

    def __init__(self, path: Path, text: str) -> None:
        self._next: Callable[[], Any] = _Parser(text).get_event
        self._path = path
        self._plain: dict[str, Any] = {}
        self._quoted: dict[str, str] = {}
        self._anchored: dict[str, tuple[Any, int] | None] = {}
        self._size = 0
        self.lines: dict[Any, int] = {}
        self.aliased = False

    def whole(self) -> Any:
        """Return the result of `value`; errors of syntax in the rest of the text come first."""
        try:
            return self.value()
        except WorkspaceError:
            while type(self._next()) is not yaml.StreamEndEvent:
                pass
            raise

    def value(self) -> Any:
        """Value of the only document, _NOTHING for none. Raises WorkspaceError and the errors of the parser."""
        self._next()
        if type(self._next()) is yaml.StreamEndEvent:
            return _NOTHING
        value = self._of(self._next())
        self._next()
        if type(after := self._next()) is not yaml.StreamEndEvent:
            raise self._error(message("workspace:yaml.documents"), after)
        if not isinstance(value, dict):
            self.lines = {}
        return value

    def _of(self, event: Any) -> Any:
        kind = type(event)
        if kind is yaml.AliasEvent:
            return self._alias(event)
        if event.anchor is not None:
            return self._anchor(event)
        if kind is yaml.ScalarEvent:
            return self._scalar(event)
        if event.tag is not None and event.tag not in _COLLECTIONS[kind]:
            raise self._error(message("workspace:yaml.tag"), event)
        return self._sequence() if kind is yaml.SequenceStartEvent else self._mapping()

    def _scalar(self, event: Any) -> Any:
        text: str = event.value
        if event.tag is not None and event.tag not in _TEXT:
            raise self._error(message("workspace:yaml.tag"), event)
        if not event.implicit[0] or event.tag is not None:
            return self._quoted.setdefault(text, text)
        if text not in self._plain:
            self._plain[text] = _plain(text)
        return self._plain[text]

    def _anchor(self, event: Any) -> Any:
        name, event.anchor, before = event.anchor, None, self._size
        if name in self._anchored:
            raise self._error(message("workspace:yaml.anchor"), event)
        self._anchored[name] = None
        value = self._of(event)
        self._anchored[name] = value, self._size - before
        return value

    def _alias(self, event: Any) -> Any:
        self.aliased = True
        if event.anchor not in self._anchored:
            raise self._error(message("workspace:yaml.alias_unknown"), event)
        known = self._anchored[event.anchor]
        if known is None:
            raise self._error(message("workspace:yaml.alias_itself"), event)
        self._size += known[1]
        if self._size > MAX_NODES:
            raise self._error(message("workspace:yaml.aliases"), event)
        return known[0]

    def _sequence(self) -> list[Any]:
        items = []
        while type(event := self._next()) is not yaml.SequenceEndEvent:
            items.append(self._of(event))
        self._size += len(items)
        return items

    def _mapping(self) -> dict[Any, Any]:
        result: dict[Any, Any] = {}
        lines: dict[Any, int] = {}
        while type(event := self._next()) is not yaml.MappingEndEvent:
            key = self._of(event)
            if not isinstance(key, Hashable):
                raise self._error(message("workspace:yaml.key_text"), event)
            if key in result:
                raise self._error(message("workspace:yaml.twice", key=str(key), line=lines[key] + 1), event)
            lines[key] = event.start_mark.line
            result[key] = self._of(self._next())
        self._size += len(result)
        self.lines = lines
        return result

    def _error(self, what: Message, event: Any) -> WorkspaceError:
        return WorkspaceError(what, where=f"{self._path}:{event.start_mark.line + 1}")


def _plain(text: str) -> Any:
    """Value of a plain scalar by the YAML 1.2 core schema."""
    if text in _NULLS:
        return None
    if text in _BOOLS:
        return _BOOLS[text]
    if text[0] in "0123456789+-.":
        return _number(text)
    return text


def _number(text: str) -> int | float | str:
    digits = text.replace("_", "")
    # Python refuses to convert more than 4300 digits.
    if len(text) > 100:
        return text
    if _INT.fullmatch(digits):
        return int(digits)
    if _OTHER_INT.fullmatch(digits):
        return int(digits, 0)
    if _FLOAT.fullmatch(digits):
        return float(re.sub(r"\.(inf|nan)", r"\1", digits, flags=re.I))
    return text


def _scalar_text(node: yaml.Node) -> str | None:
    if not isinstance(node, yaml.ScalarNode):
        return None
    return str(node.value if node.style else _plain(node.value))
