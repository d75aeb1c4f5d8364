"""Telephone numbers masked in a whole document."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

from eventready.core.redaction.masking import mask_text
from eventready.drawing.svg import Chart

T = TypeVar("T")


def masked(value: T, published: Collection[str] = ()) -> T:
    """The value with every telephone number in its texts masked, but those in `published`.

    The SVG of a chart is made of masked texts.
    """
    shown = tuple(number for number in published if number)
    return _masked(value, shown)  # type: ignore[no-any-return]  # the type of the value stays


def _masked(value: Any, shown: tuple[str, ...]) -> Any:
    if isinstance(value, str):
        return _masked_text(value, shown)
    if isinstance(value, tuple):
        return tuple(_masked(item, shown) for item in value)
    if isinstance(value, Chart):
        return replace(value, alt=_masked_text(value.alt, shown))
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{part.name: _masked(getattr(value, part.name), shown) for part in fields(value)})
    return value


def _masked_text(text: str, shown: tuple[str, ...]) -> str:
    """The pieces between published numbers are masked."""
    for number in shown:
        if number in text:
            return number.join(_masked_text(piece, shown) for piece in text.split(number))
    return mask_text(text)
