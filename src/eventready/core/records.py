"""Types of records, and their JSON: a frozen dataclass is the format of its document, of its stream."""

from __future__ import annotations

import base64
import binascii
import zlib
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from functools import cached_property
from typing import Annotated, Any, Generic, Literal, TypeAlias, TypeVar

from pydantic import AfterValidator, AwareDatetime, PlainSerializer, PlainValidator, TypeAdapter, ValidationError
from pydantic import WithJsonSchema as JsonSchemaOf
from pydantic_core import from_json as from_json_text
from pydantic_core import to_json as to_json_text

from eventready.core.errors import UnreadableStore
from eventready.core.messages import Message, from_json, from_stored, in_english, message, to_json, to_stored
from eventready.core.strings.json_text import canonical, parse_json
from eventready.core.timezone import local_time
from eventready.core.validation_messages import describe_error

T = TypeVar("T")


def _sentence(value: Any) -> Message:
    with suppress(TypeError):
        if isinstance(restored := from_json(value), Message):
            return restored
    raise ValueError("not a message of the catalogue")


def _from_stored(value: Any) -> str | Message:
    try:
        return from_stored(value)
    except TypeError as error:
        raise ValueError(str(error)) from None


def _from_base64(value: Any) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (TypeError, binascii.Error) as error:
        raise ValueError(str(error)) from None


def _to_base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _local(moment: datetime) -> datetime:
    """Time in the event's zone. Raises ValueError beyond the years of a calendar."""
    try:
        return local_time(moment)
    except OverflowError as error:
        raise ValueError(str(error)) from None


_MESSAGE: dict[str, Any] = {
    "type": "object",
    "required": ["id", "params"],
    "properties": {"id": {"type": "string"}, "params": {"type": "object"}},
}
_STORED = {
    **_MESSAGE,
    "required": ["text", "id", "params"],
    "properties": {"text": {"type": "string"}, **_MESSAGE["properties"]},
}
#: Aware time, in the event's zone; ISO 8601 in a record.
Moment: TypeAlias = Annotated[
    AwareDatetime,
    AfterValidator(_local),
    PlainSerializer(lambda moment: _local(moment).isoformat()),
]
#: Bytes; Base64 in a record.
Binary: TypeAlias = Annotated[
    bytes,
    PlainValidator(_from_base64),
    PlainSerializer(_to_base64),
    JsonSchemaOf({"type": "string", "contentEncoding": "base64"}),
]
#: Message of the catalogue: id and parameters in a record.
Sentence: TypeAlias = Annotated[Message, PlainValidator(_sentence), PlainSerializer(to_json), JsonSchemaOf(_MESSAGE)]
#: Text for people: English text with its message in a record, or a text alone.
Words: TypeAlias = Annotated[
    str | Message,
    PlainValidator(_from_stored),
    PlainSerializer(to_stored),
    JsonSchemaOf({"anyOf": [{"type": "string"}, _STORED]}),
]


class ShapeError(ValueError):
    """Record of another shape. `place`: field, such as `probes.0.sent`, empty for the whole; `reason`: a sentence."""

    def __init__(self, place: str, reason: str | Message) -> None:
        self.place, self.reason = place, reason
        super().__init__(f"{place}: {in_english(reason)}")

    @property
    def sentence(self) -> str | Message:
        """Reason with the place of the field."""
        return message("store:record.field", place=self.place, reason=self.reason) if self.place else self.reason


class Codec(ABC, Generic[T]):
    """JSON of records. Reading raises ShapeError."""

    @abstractmethod
    def plain(self, record: T) -> dict[str, Any]:
        """Record as plain JSON types."""

    @abstractmethod
    def read_plain(self, plain: object) -> T:
        """Record of plain JSON types."""

    @abstractmethod
    def json_schema(self) -> dict[str, Any]:
        """JSON Schema of a record."""

    def encode(self, record: T) -> bytes:
        """Record as canonical JSON."""
        return canonical(self.plain(record))

    def read(self, data: bytes | str) -> T:
        """Record of a JSON text."""
        try:
            plain = from_json_text(data)
        except ValueError as error:
            raise ShapeError("", str(error)) from None
        return self.read_plain(plain)


class Shape(Codec[T]):
    """JSON of a frozen dataclass. `others`: unknown fields. `whole`: fields at their defaults are written too."""

    def __init__(self, record: type[T], others: Literal["forbid", "ignore"] = "forbid", *, whole: bool = False) -> None:
        self.record, self._others, self._whole = record, others, whole

    @cached_property
    def adapter(self) -> TypeAdapter[T]:
        """Adapter of pydantic, made on first use."""
        return TypeAdapter(self.record)

    def plain(self, record: T) -> dict[str, Any]:
        """Record as plain JSON types."""
        plain: dict[str, Any] = self.adapter.dump_python(record, mode="json", exclude_defaults=not self._whole)
        return plain

    def read(self, data: bytes | str) -> T:
        """Record of a JSON text."""
        try:
            return self.adapter.validate_json(data, strict=True, extra=self._others)
        except ValidationError as error:
            raise _first_error(error) from None

    def read_plain(self, plain: object) -> T:
        """Record of plain JSON types."""
        try:
            data = canonical(plain)
        except (TypeError, ValueError, RecursionError) as error:
            raise ShapeError("", str(error)) from None
        return self.read(data)

    def json_schema(self) -> dict[str, Any]:
        """JSON Schema of the record."""
        return self.adapter.json_schema(mode="serialization")


class Kinds(Codec[T]):
    """JSON of several frozen dataclasses, distinguished by the value of a key `tag` beside their fields."""

    def __init__(self, tag: str, kinds: Mapping[str, type[T]]) -> None:
        self.tag, self._shapes = tag, {name: Shape(record) for name, record in kinds.items()}
        self._names = {record: name for name, record in kinds.items()}

    def name(self, record: T) -> str:
        """Kind of a record."""
        return self._names[type(record)]

    def plain(self, record: T) -> dict[str, Any]:
        """Record as plain JSON types, with its kind."""
        name = self.name(record)
        return {self.tag: name, **self._shapes[name].plain(record)}

    def read(self, data: bytes | str) -> T:
        """Record of a JSON text."""
        try:
            plain = from_json_text(data)
        except ValueError as error:
            raise ShapeError("", str(error)) from None
        shape, fields = self._shape(plain)
        return shape.read(to_json_text(fields))

    def read_plain(self, plain: object) -> T:
        """Record of plain JSON types."""
        shape, fields = self._shape(plain)
        return shape.read_plain(fields)

    def _shape(self, plain: object) -> tuple[Shape[T], dict[str, Any]]:
        """Return the shape of a record's kind, and the fields."""
        fields = fields_of(plain)
        name = fields.pop(self.tag, None)
        if not isinstance(name, str) or name not in self._shapes:
            raise ShapeError(self.tag, message("store:record.kind", kinds=sorted(self._shapes)))
        return self._shapes[name], fields

    def json_schema(self) -> dict[str, Any]:
        """JSON Schema with an alternative for each kind."""
        kinds = [_with_constant(shape.json_schema(), self.tag, name) for name, shape in self._shapes.items()]
        shared = {name: part for kind in kinds for name, part in kind.pop("$defs", {}).items()}
        return {"$defs": shared, "oneOf": kinds}


def _with_constant(schema: dict[str, Any], key: str, value: str) -> dict[str, Any]:
    """JSON Schema of a record with a constant beside its fields."""
    schema["properties"] = {key: {"const": value}, **schema.get("properties", {})}
    schema["required"] = [key, *schema.get("required", ())]
    return schema


def fields_of(plain: object) -> dict[str, Any]:
    """Fields of a record of plain JSON types, as a copy. Raises ShapeError for no mapping."""
    if not isinstance(plain, Mapping):
        raise ShapeError("", message("workspace:value.mapping"))
    return dict(plain)


def codec_of(record: type[T] | Codec[T]) -> Codec[T]:
    """Return the codec of a frozen dataclass; a codec unchanged."""
    return record if isinstance(record, Codec) else Shape(record)


def _first_error(error: ValidationError) -> ShapeError:
    detail = error.errors(include_url=False)[0]
    place = ".".join(map(str, detail["loc"]))
    return ShapeError(place, describe_error(detail, None)[0])


class JsonDocument(Codec[T]):
    """Format of a document: `schema`, such as `eventready.plan/2`, beside the fields of a frozen dataclass."""

    def __init__(self, schema: str, record: type[T], *, whole: bool = False) -> None:
        self.schema, self._shape = schema, Shape(record, whole=whole)

    def plain(self, record: T) -> dict[str, Any]:
        """Document as plain JSON types."""
        return {"schema": self.schema, **self._shape.plain(record)}

    def read_plain(self, plain: object) -> T:
        """Record of a document of plain JSON types. Raises ShapeError, also for another schema."""
        fields = dict(plain) if isinstance(plain, Mapping) else {}
        schema = fields.pop("schema", None)
        if not isinstance(schema, str):
            raise ShapeError("schema", message("store:record.no_schema", own=self.schema))
        if schema != self.schema:
            raise ShapeError("schema", message("store:record.version", schema=schema[:40], own=self.schema))
        return self._shape.read_plain(fields)

    def read(self, data: bytes | str) -> T:
        """Record of a document of JSON text, of bounded depth."""
        try:
            plain = parse_json(data)
        except ValueError as error:
            raise ShapeError("", str(error)) from None
        return self.read_plain(plain)

    def json_schema(self) -> dict[str, Any]:
        """JSON Schema of the document."""
        return _with_constant(self._shape.json_schema(), "schema", self.schema)


class Stream(Generic[T]):
    """Stream of records of a frozen dataclass, or of the kinds of several; `Store.journal` reads and appends them."""

    def __init__(self, name: str, record: type[T] | Codec[T]) -> None:
        self.name = name
        self._shape: Codec[T] = codec_of(record)

    def encode(self, record: T) -> bytes:
        """Record as canonical JSON."""
        return self._shape.encode(record)

    def decode(self, data: bytes) -> T:
        """Record of the JSON of an entry. Raises ShapeError."""
        return self._shape.read(data)

    def unpack(self, data: bytes, key: str) -> T:
        """Record of compressed JSON under a key. Raises UnreadableStore."""
        place = {"kind": self.name, "key": key}
        try:
            return self.decode(zlib.decompress(data))
        except zlib.error as error:
            raise UnreadableStore(message("store:current.damaged", **place)) from error
        except ShapeError as error:
            raise UnreadableStore(message("store:current.shape", **place, what=error.sentence)) from None

    def json_schema(self) -> dict[str, Any]:
        """JSON Schema of a record."""
        return self._shape.json_schema()
