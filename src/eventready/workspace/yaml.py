"""YAML files with line numbers: read once by the C parser, values by the YAML 1.2 core schema.

Nornir reads the same files with ruamel.yaml, which also follows YAML 1.2: `on`, `12:30` and `0123` mean the same to
both (text, text, 123). A date stays text here and is read by the field that expects one.
The node tree is kept beside the data, so that a line number costs nothing until something is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from eventready.errors import WorkspaceError
from eventready.workspace.complaints import SHOWN, Key, explain, unhappy
from eventready.workspace.syntax import bound_depth, syntax_error, too_deep

try:
    from yaml import CLoader as _Parser
except ImportError:  # PyYAML without libyaml: the same, slower
    from yaml import Loader as _Parser  # type: ignore[assignment]  # one interface, two implementations

M = TypeVar("M", bound=BaseModel)

#: A workspace file larger than this is not one that a person wrote.
MAX_BYTES = 64 * 1024 * 1024
#: Nodes after aliases are followed; a few lines of nested aliases can stand for billions.
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
    """Tells only plain scalars from quoted ones; values are read later, and other tags refused."""

    def descend_resolver(self, _current: Any, _index: Any) -> None: ...

    def ascend_resolver(self) -> None: ...

    def check_resolver_prefix(self, *_path: Any) -> bool:
        return False

    def resolve(self, kind: type[yaml.Node], _value: Any, implicit: Any) -> str:
        if kind is yaml.ScalarNode:
            return _PLAIN if implicit[0] else _QUOTED
        return _SEQUENCE if kind is yaml.SequenceNode else _MAPPING


class _Loader(_Tags, _Parser):
    """Composes nodes; its constructor of values is not used."""


@dataclass(frozen=True)
class Document:
    """A file's data as plain Python types, and where each part of it stands."""

    path: Path
    data: Any
    root: yaml.Node | None = field(default=None, repr=False, compare=False)
    _keys: dict[int, dict[str | None, tuple[yaml.Node, yaml.Node]]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def line(self, *keys: Key) -> int:
        """The line (from 1) where the part under `keys` stands; that of its nearest known parent otherwise."""
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
        """What stands under each key. One mistake in every one of ten thousand hosts asks for it that many times."""
        if id(node) not in self._keys:
            self._keys[id(node)] = {_scalar_text(key): (key, value) for key, value in reversed(node.value)}
        return self._keys[id(node)]

    def origins(self) -> dict[str, str]:
        """`file:line` of every key of the file's mapping, in one go."""
        pairs = self.root.value if isinstance(self.root, yaml.MappingNode) else ()
        return {key.value: f"{self.path}:{key.start_mark.line + 1}" for key, _ in pairs}

    def where(self, *keys: Key) -> str:
        """`file:line` of the part under `keys`."""
        return f"{self.path}:{self.line(*keys)}"

    def error(self, what: str, *keys: Key, do: str = "") -> WorkspaceError:
        """An error about the part under `keys`, for the caller to raise."""
        return WorkspaceError(what, where=self.where(*keys), do=do)

    def mapping(self, *keys: Key) -> dict[str, Any]:
        """The mapping under `keys` (nothing there counts as an empty one). Raises WorkspaceError for another type."""
        part: Any = self.data
        for key in keys:
            part = part[key]
        if part is None:
            return {}
        if not isinstance(part, dict):
            name = f"{keys[-1]!r}" if keys else "the file"
            raise self.error(f"{name} must hold `key: value` lines, not {unhappy(part)}", *keys)
        for key in part:
            if not isinstance(key, str):
                raise self.error(f"the key {key!r} is not text", *keys, key, do="Put it in quotes.")
        return part

    def validate(self, model: type[M], *keys: Key) -> M:
        """The part under `keys` as a `model`. Raises WorkspaceError naming every line that does not hold."""
        try:
            return model.model_validate(self.mapping(*keys))
        except ValidationError as error:
            raise several(self.complaints(error, model, *keys)) from None

    def complaints(self, error: ValidationError, model: type[BaseModel], *keys: Key) -> list[WorkspaceError]:
        """Each of pydantic's errors as a sentence with its place."""
        details = error.errors(include_url=False)
        found = []
        for detail in details:
            place = detail["loc"]
            if detail["type"] == "too_short" and any(d["loc"][: len(place)] == place != d["loc"] for d in details):
                continue  # pydantic counts only the items that hold; those that do not have been named
            what, do = explain(detail, model)
            found.append(self.error(what, *keys, *place, do=do))
        return found


class Several(WorkspaceError):
    """More than one thing does not hold: one sentence a line."""

    def __init__(self, problems: list[WorkspaceError]) -> None:
        super().__init__(f"{len(problems)} things in the workspace do not hold")
        self.problems = tuple(problems)

    def __str__(self) -> str:
        lines = [str(problem) for problem in self.problems[:SHOWN]]
        more = len(self.problems) - len(lines)
        return "\n".join([f"{self.what}:", *lines, *([f"and {more} more."] if more else [])])


def several(problems: Iterable[WorkspaceError]) -> WorkspaceError:
    """One error for all of `problems`, each named once; the only one itself when there is one."""
    flat = [single for problem in problems for single in getattr(problem, "problems", (problem,))]
    distinct = list({str(problem): problem for problem in flat}.values())
    return distinct[0] if len(distinct) == 1 else Several(distinct)


def load_yaml(path: Path, *, may_be_empty: bool = False) -> Document:
    """Read one YAML file. Raises WorkspaceError that names the line and what to do."""
    text = _read(path)
    bound_depth(path, text)
    try:
        root = _Loader(text).get_single_node()
    except yaml.YAMLError as error:
        raise syntax_error(path, text, error) from None
    if root is None:
        if may_be_empty:
            return Document(path, {})
        raise WorkspaceError("the file is empty", where=str(path), do="`eventready init` shows what belongs in it.")
    try:
        return Document(path, _Builder(path).build(root), root)
    except RecursionError:
        raise too_deep(path) from None


def _read(path: Path) -> str:
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise WorkspaceError(
                f"the file has {size / 1_048_576:.0f} MB, more than the {MAX_BYTES // 1_048_576} MB that a workspace "
                "file may have",
                where=str(path),
                do="Check that it is the right file.",
            )
        raw = path.read_bytes()
    except FileNotFoundError:
        raise WorkspaceError("the file does not exist", where=str(path)) from None
    except OSError as error:
        raise WorkspaceError(f"the file cannot be read: {error.strerror}", where=str(path)) from None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise WorkspaceError(
            f"the file is not UTF-8 (byte 0x{raw[error.start]:02x})", where=f"{path}:{line}", do="Save it as UTF-8."
        ) from None


class _Builder:
    """Nodes to values, aliases shared, duplicate keys and unknown tags refused."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._done: dict[int, tuple[Any, int]] = {}

    def build(self, root: yaml.Node) -> Any:
        value, size = self._build(root)
        if size > MAX_NODES:
            raise WorkspaceError("the references in the file stand for too much data", where=str(self._path))
        return value

    def _build(self, node: yaml.Node) -> tuple[Any, int]:
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node), 1
        known = self._done.get(id(node))
        if known is not None:
            if known[1] == 0:
                raise self._error("this part refers to itself", node)
            return known
        self._done[id(node)] = (None, 0)
        built = self._sequence(node) if isinstance(node, yaml.SequenceNode) else self._mapping(node)
        self._done[id(node)] = built
        return built

    def _sequence(self, node: yaml.SequenceNode) -> tuple[list[Any], int]:
        if node.tag != _SEQUENCE:
            raise self._error("an unquoted ! begins a tag that is not known", node)
        items, size = [], 1
        for child in node.value:
            value, weight = self._build(child)
            items.append(value)
            size += weight
        return items, size

    def _mapping(self, node: yaml.Node) -> tuple[dict[Any, Any], int]:
        if node.tag != _MAPPING:
            raise self._error("an unquoted ! begins a tag that is not known", node)
        result: dict[Any, Any] = {}
        size = 1
        for key_node, value_node in node.value:
            key, _ = self._build(key_node)
            if not isinstance(key, Hashable):
                raise self._error("a key must be text", key_node, "Write `key: value`.")
            if key in result:
                first = next(k for k, _ in node.value if _scalar_text(k) == _scalar_text(key_node)).start_mark.line + 1
                raise self._error(
                    f"{key!r} is here a second time; the first is in line {first}", key_node, "Remove or rename one."
                )
            result[key], weight = self._build(value_node)
            size += weight
        return result, size

    def _scalar(self, node: yaml.ScalarNode) -> Any:
        text: str = node.value
        if node.tag != _PLAIN:
            if node.tag != _QUOTED:
                raise self._error(
                    "an unquoted ! begins a tag that is not known", node, "Put text that begins with ! in quotes."
                )
            return text
        return _plain(text)

    def _error(self, what: str, node: yaml.Node, do: str = "") -> WorkspaceError:
        return WorkspaceError(what, where=f"{self._path}:{node.start_mark.line + 1}", do=do)


def _plain(text: str) -> Any:
    """A plain scalar by the YAML 1.2 core schema."""
    if text in _NULLS:
        return None
    if text in _BOOLS:
        return _BOOLS[text]
    if text[0] in "0123456789+-.":
        return _number(text)
    return text


def _number(text: str) -> int | float | str:
    digits = text.replace("_", "")
    # Python refuses to convert more than 4300 digits; nobody means a number by those.
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
