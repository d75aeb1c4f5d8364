"""YAML files with line numbers: parsed by the C parser, values by the YAML 1.2 core schema.

Nornir reads the same files with ruamel.yaml, also by YAML 1.2: `on`, `12:30` and `0123` are text, text and 123 in both.
Dates stay text and are parsed by their field. A file without aliases and tags is read event by event; the tree of
nodes, ten times as large as the values, is built for line numbers in error messages only.
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

from eventready.core.errors import WorkspaceError, distinct_errors, os_reason
from eventready.core.file_system.allowed_content import verified
from eventready.core.messages import Message, message, text
from eventready.core.validation_messages import SHOWN, Key, Sentence, describe_error, describe_value
from eventready.workspace.files.yaml_syntax import bound_depth, syntax_error, too_deep

try:
    from yaml import CLoader as _Parser
except ImportError:  # PyYAML without libyaml: the same, slower
    from yaml import Loader as _Parser  # type: ignore[assignment]  # one interface, two implementations

M = TypeVar("M", bound=BaseModel)

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
_PLAIN, _QUOTED = "plain", "tag:yaml.org,2002:str"
_SEQUENCE, _MAPPING = "tag:yaml.org,2002:seq", "tag:yaml.org,2002:map"


class _Tags:
    """Resolver with two tags, plain and quoted scalars; values are converted later."""

    def descend_resolver(self, _current: Any, _index: Any) -> None: ...

    def ascend_resolver(self) -> None: ...

    def check_resolver_prefix(self, *_path: Any) -> bool:
        return False

    def resolve(self, kind: type[yaml.Node], _value: Any, implicit: Any) -> str:
        if kind is yaml.ScalarNode:
            return _PLAIN if implicit[0] else _QUOTED
        return _SEQUENCE if kind is yaml.SequenceNode else _MAPPING


class _Loader(_Tags, _Parser):
    """Composer of nodes; the constructor of values is unused."""


@dataclass(frozen=True)
class YamlDocument:
    """Data of a file as plain Python types, with line numbers of its text. `text`: None for data of other places.

    `lines`: from 0, of the keys of the top-level mapping, where they are known without the nodes.
    """

    path: Path
    data: Any
    text: str | None = field(default=None, repr=False, compare=False)
    lines: Mapping[str, int] | None = field(default=None, repr=False, compare=False)
    _keys: dict[int, dict[str | None, tuple[yaml.Node, yaml.Node]]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @cached_property
    def root(self) -> yaml.Node | None:
        """Tree of nodes."""
        return None if self.text is None else _Loader(self.text).get_single_node()

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
        lines = self.lines
        if lines is None and isinstance(self.root, yaml.MappingNode):
            lines = {key.value: key.start_mark.line for key, _ in self.root.value}
        return {key: f"{self.path}:{line + 1}" for key, line in (lines or {}).items()}

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
    try:
        events = _Events(text)
        return YamlDocument(path, events.value(), text, events.lines)
    except (_NeedsNodesError, yaml.YAMLError, RecursionError):
        pass  # the nodes have the values, or the line of the error
    try:
        root = _Loader(text).get_single_node()
    except yaml.YAMLError as error:
        raise syntax_error(path, text, error) from None
    if root is None:
        if may_be_empty:
            return YamlDocument(path, {})
        raise WorkspaceError(message("workspace:file.empty"), where=str(path))
    try:
        return YamlDocument(path, _Builder(path).build(root), text)
    except RecursionError:
        raise too_deep(path, text) from None


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


class _NeedsNodesError(Exception):
    """Text with aliases, tags or keys of no use."""


class _Events:
    """Reader of the values of a text, without nodes. Equal scalars share an object: devices of an inventory are alike.

    `lines`: from 0, of the keys of the mapping that ended last.
    """

    def __init__(self, text: str) -> None:
        self._next: Callable[[], Any] = _Loader(text).get_event
        self._plain: dict[str, Any] = {}
        self._quoted: dict[str, str] = {}
        self.lines: dict[str, int] = {}

    def value(self) -> Any:
        """Value of the only document. Raises _NeedsNodesError and the errors of the parser, also for an empty text."""
        begin = (type(self._next()), type(self._next()))
        if begin != (yaml.StreamStartEvent, yaml.DocumentStartEvent):
            raise _NeedsNodesError
        value = self._of(self._next())
        if (type(self._next()), type(self._next())) != (yaml.DocumentEndEvent, yaml.StreamEndEvent):
            raise _NeedsNodesError
        return value

    def _of(self, event: Any) -> Any:
        kind = type(event)
        if kind is yaml.AliasEvent or event.anchor is not None or event.tag is not None:
            raise _NeedsNodesError
        if kind is yaml.ScalarEvent:
            text: str = event.value
            if not event.implicit[0]:
                return self._quoted.setdefault(text, text)
            if text not in self._plain:
                self._plain[text] = _plain(text)
            return self._plain[text]
        return self._sequence() if kind is yaml.SequenceStartEvent else self._mapping()

    def _sequence(self) -> list[Any]:
        items = []
        while type(event := self._next()) is not yaml.SequenceEndEvent:
            items.append(self._of(event))
        return items

    def _mapping(self) -> dict[Any, Any]:
        result: dict[Any, Any] = {}
        lines: dict[str, int] = {}
        while type(event := self._next()) is not yaml.MappingEndEvent:
            key = self._of(event)
            if not isinstance(key, Hashable) or key in result:
                raise _NeedsNodesError
            lines[event.value] = event.start_mark.line
            result[key] = self._of(self._next())
        self.lines = lines
        return result


class _Builder:
    """Converter from nodes to values: aliases are shared, duplicate keys and unknown tags rejected."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._done: dict[int, tuple[Any, int]] = {}

    def build(self, root: yaml.Node) -> Any:
        return self._build(root)[0]

    def _build(self, node: yaml.Node) -> tuple[Any, int]:
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node), 1
        known = self._done.get(id(node))
        if known is not None:
            if known[1] == 0:
                raise self._error(message("workspace:yaml.alias_itself"), node)
            return known
        self._done[id(node)] = (None, 0)
        built = self._sequence(node) if isinstance(node, yaml.SequenceNode) else self._mapping(node)
        if built[1] > MAX_NODES:
            raise self._error(message("workspace:yaml.aliases"), node)
        self._done[id(node)] = built
        return built

    def _sequence(self, node: yaml.SequenceNode) -> tuple[list[Any], int]:
        if node.tag != _SEQUENCE:
            raise self._error(message("workspace:yaml.tag"), node)
        items, size = [], 1
        for child in node.value:
            value, weight = self._build(child)
            items.append(value)
            size += weight
        return items, size

    def _mapping(self, node: yaml.Node) -> tuple[dict[Any, Any], int]:
        if node.tag != _MAPPING:
            raise self._error(message("workspace:yaml.tag"), node)
        result: dict[Any, Any] = {}
        size = 1
        for key_node, value_node in node.value:
            key, _ = self._build(key_node)
            if not isinstance(key, Hashable):
                raise self._error(message("workspace:yaml.key_text"), key_node)
            if key in result:
                first = next(k for k, _ in node.value if _scalar_text(k) == _scalar_text(key_node)).start_mark.line + 1
                raise self._error(message("workspace:yaml.twice", key=str(key), line=first), key_node)
            result[key], weight = self._build(value_node)
            size += weight
        return result, size

    def _scalar(self, node: yaml.ScalarNode) -> Any:
        text: str = node.value
        if node.tag != _PLAIN:
            if node.tag != _QUOTED:
                raise self._error(message("workspace:yaml.tag"), node)
            return text
        return _plain(text)

    def _error(self, what: Message, node: yaml.Node) -> WorkspaceError:
        return WorkspaceError(what, where=f"{self._path}:{node.start_mark.line + 1}")


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
    value = _plain(node.value) if node.tag == _PLAIN else node.value
    return str(value)
