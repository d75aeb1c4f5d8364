"""Parts of a plan file: strict types, and texts without hidden characters."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

from pydantic import BaseModel, ConfigDict, PlainSerializer, PlainValidator

from eventready.core.errors import InvalidValue
from eventready.core.messages import from_stored, message, to_stored

#: Levels of messages in messages.
_MOST_NESTED = 12


class Part(BaseModel):
    """A part of a plan file: frozen; unknown keys and values of another type are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def visible_line(line: str) -> str:
    """Validate a sent or shown line. Raises InvalidValue for a control character, which could hide other text."""
    if not line.isprintable():
        raise InvalidValue(message("change:plan_file.control"))
    return line


def visible_lines(values: tuple[str, ...]) -> tuple[str, ...]:
    """Validate lines. Raises InvalidValue as `visible_line` does."""
    return tuple(map(visible_line, values))


def _statement(value: Any) -> str:
    """Validate a sentence: a text, or a message with its English text."""
    _refuse_hidden(value, _MOST_NESTED)
    try:
        return from_stored(value)
    except ValueError:
        raise InvalidValue(message("change:plan_file.statement")) from None


def _refuse_hidden(value: Any, levels: int) -> None:
    """Raise ValueError for control characters in a text at any level, and for more levels."""
    if isinstance(value, str):
        visible_line(value)
    elif isinstance(value, dict | list):
        if not levels:
            raise InvalidValue(message("change:plan_file.levels"))
        for one in (*value, *value.values()) if isinstance(value, dict) else value:
            _refuse_hidden(one, levels - 1)


Statement: TypeAlias = Annotated[str, PlainValidator(_statement), PlainSerializer(to_stored)]
