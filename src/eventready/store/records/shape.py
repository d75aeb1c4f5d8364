"""Shape of a record: a frozen dataclass as the format of its JSON."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import Annotated, Any, Generic, TypeAlias, TypeVar

from pydantic import AfterValidator, AwareDatetime, PlainSerializer, PlainValidator, TypeAdapter, ValidationError
from pydantic import WithJsonSchema as JsonSchemaOf

from eventready.core.messages import Message, from_json, from_stored, message, to_json, to_stored
from eventready.core.strings.json_text import canonical
from eventready.core.timezone import TZ
from eventready.core.validation_messages import describe_error

T = TypeVar("T")


def _sentence(value: Any) -> Message:
    restored = from_json(value)
    if not isinstance(restored, Message):
        raise ValueError("not a message of the catalogue")  # noqa: TRY004  pydantic takes ValueError alone
    return restored


def _from_stored(value: Any) -> str:
    try:
        return from_stored(value)
    except TypeError as error:
        raise ValueError(str(error)) from None


_MESSAGE = {
    "type": "object",
    "required": ["id", "params"],
    "properties": {"id": {"type": "string"}, "params": {"type": "object"}},
}
#: Aware time, in the event's zone; ISO 8601 in a record.
Moment: TypeAlias = Annotated[
    AwareDatetime,
    AfterValidator(lambda moment: moment.astimezone(TZ)),
    PlainSerializer(datetime.isoformat),
]
#: Message of the catalogue: id and parameters in a record.
Sentence: TypeAlias = Annotated[Message, PlainValidator(_sentence), PlainSerializer(to_json), JsonSchemaOf(_MESSAGE)]
#: Text for people: English text with its message in a record, or a text alone.
Words: TypeAlias = Annotated[
    str,
    PlainValidator(_from_stored),
    PlainSerializer(to_stored),
    JsonSchemaOf({"anyOf": [{"type": "string"}, _MESSAGE]}),
]


class ShapeError(ValueError):
    """Record of another shape. `place`: field, such as `probes.0.sent`, empty for the whole; `reason`: a sentence."""

    def __init__(self, place: str, reason: str | Message) -> None:
        self.place, self.reason = place, reason
        super().__init__(f"{place}: {reason}")

    @property
    def sentence(self) -> str | Message:
        """Reason with the place of the field."""
        return message("store:record.field", place=self.place, reason=self.reason) if self.place else self.reason


class Codec(ABC, Generic[T]):
    """JSON of records."""

    @abstractmethod
    def plain(self, record: T) -> dict[str, Any]:
        """Record as plain JSON types."""

    @abstractmethod
    def read_plain(self, plain: Mapping[str, Any]) -> T:
        """Record of plain JSON types. Raises ShapeError."""

    @abstractmethod
    def json_schema(self) -> dict[str, Any]:
        """JSON Schema of a record."""

    def read(self, data: bytes | str) -> T:
        """Record of a JSON text. Raises ShapeError."""
        try:
            plain = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise ShapeError("", str(error)) from None
        if not isinstance(plain, dict):
            raise ShapeError("", message("workspace:value.mapping"))
        return self.read_plain(plain)


class Shape(Codec[T]):
    """JSON of a frozen dataclass. Fields at their defaults are not written; unknown ones are refused."""

    def __init__(self, record: type[T]) -> None:
        self.record = record

    @cached_property
    def adapter(self) -> TypeAdapter[T]:
        """Adapter of pydantic, made on first use."""
        return TypeAdapter(self.record)

    def plain(self, record: T) -> dict[str, Any]:
        """Record as plain JSON types."""
        plain: dict[str, Any] = self.adapter.dump_python(record, mode="json", exclude_defaults=True)
        return plain

    def read(self, data: bytes | str) -> T:
        """Record of a JSON text. Raises ShapeError."""
        try:
            return self.adapter.validate_json(data, strict=True, extra="forbid")
        except ValidationError as error:
            raise _first_error(error) from None

    def read_plain(self, plain: Mapping[str, Any]) -> T:
        """Record of plain JSON types. Raises ShapeError."""
        try:
            return self.read(canonical(plain))
        except (TypeError, UnicodeEncodeError, RecursionError) as error:
            raise ShapeError("", str(error)) from None

    def json_schema(self) -> dict[str, Any]:
        """JSON Schema of the record."""
        return self.adapter.json_schema(mode="serialization")


class Kinds(Codec[T]):
    """JSON of several frozen dataclasses, distinguished by the value of a key `tag` beside their fields."""

    def __init__(self, tag: str, kinds: Mapping[str, type[T]]) -> None:
        self.tag, self._shapes = tag, {name: Shape(record) for name, record in kinds.items()}
        self._names = {record: name for name, record in kinds.items()}

    def plain(self, record: T) -> dict[str, Any]:
        """Record as plain JSON types, with its kind."""
        name = self._names[type(record)]
        return {self.tag: name, **self._shapes[name].plain(record)}

    def read_plain(self, plain: Mapping[str, Any]) -> T:
        """Record of plain JSON types. Raises ShapeError."""
        name = plain.get(self.tag)
        if not isinstance(name, str) or name not in self._shapes:
            raise ShapeError(self.tag, message("store:record.kind", kinds=sorted(self._shapes)))
        return self._shapes[name].read_plain({key: value for key, value in plain.items() if key != self.tag})

    def json_schema(self) -> dict[str, Any]:
        """JSON Schema with an alternative for each kind."""
        return {"oneOf": [self._schema_of(name, shape) for name, shape in self._shapes.items()]}

    def _schema_of(self, name: str, shape: Shape[T]) -> dict[str, Any]:
        schema = shape.json_schema()
        schema["properties"] = {self.tag: {"const": name}, **schema.get("properties", {})}
        schema["required"] = [self.tag, *schema.get("required", ())]
        return schema


def codec_of(record: type[T] | Codec[T]) -> Codec[T]:
    """Return the codec of a frozen dataclass; a codec as it is."""
    return record if isinstance(record, Codec) else Shape(record)


def _first_error(error: ValidationError) -> ShapeError:
    detail = error.errors(include_url=False)[0]
    place = ".".join(map(str, detail["loc"]))
    return ShapeError(place, describe_error(detail, None)[0])
