"""Documents of records, as a single JSON object with the name of its schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, TypeVar

from eventready.core.messages import message
from eventready.core.strings.json_text import canonical, parse_json
from eventready.store.records.shape import Shape, ShapeError

T = TypeVar("T")


class JsonDocument(Generic[T]):
    """Format of a document: `schema`, such as `eventready.plan/2`, beside the fields of a frozen dataclass."""

    def __init__(self, schema: str, record: type[T], *, whole: bool = False) -> None:
        self.schema, self._shape = schema, Shape(record, whole=whole)

    def plain(self, record: T) -> dict[str, Any]:
        """Document as plain JSON types."""
        return {"schema": self.schema, **self._shape.plain(record)}

    def encode(self, record: T) -> bytes:
        """Document as canonical JSON, for hashes."""
        return canonical(self.plain(record))

    def read_plain(self, plain: object) -> T:
        """Record of a document of plain JSON types. Raises ShapeError, also for another schema."""
        if not isinstance(plain, Mapping) or not isinstance(plain.get("schema"), str):
            raise ShapeError("schema", message("store:record.no_schema", own=self.schema))
        if plain["schema"] != self.schema:
            other = message("store:record.version", schema=str(plain["schema"])[:40], own=self.schema)
            raise ShapeError("schema", other)
        return self._shape.read_plain({key: value for key, value in plain.items() if key != "schema"})

    def read(self, data: bytes | str) -> T:
        """Record of a document of JSON text. Raises ShapeError."""
        try:
            plain = parse_json(data)
        except ValueError as error:
            raise ShapeError("", str(error)) from None
        return self.read_plain(plain)

    def json_schema(self) -> dict[str, Any]:
        """JSON Schema of the document."""
        schema = self._shape.json_schema()
        schema["properties"] = {"schema": {"const": self.schema}, **schema.get("properties", {})}
        schema["required"] = ["schema", *schema.get("required", ())]
        return schema
