"""Telephone numbers hidden in a whole document: every paper but the duty list goes out like that."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

from eventready.duty.privacy import mask_text
from eventready.report.document.model import Figure

T = TypeVar("T")


def masked(value: T) -> T:
    """The same with every telephone number in its texts masked; a figure's SVG is made of masked texts already."""
    return _masked(value)  # type: ignore[no-any-return]  # what comes back has the type of what went in


def _masked(value: Any) -> Any:
    if isinstance(value, str):
        return mask_text(value)
    if isinstance(value, tuple):
        return tuple(map(_masked, value))
    if isinstance(value, Figure):
        return replace(value, alt=mask_text(value.alt), caption=mask_text(value.caption))
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{part.name: _masked(getattr(value, part.name)) for part in fields(value)})
    return value
