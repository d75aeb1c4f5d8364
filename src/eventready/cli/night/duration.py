"""Duration of an option: `90s`, `30m`, `8h`."""

from __future__ import annotations

import re
from math import inf

import click

from eventready.core.errors import UsageError
from eventready.core.messages import message

_SECONDS = {"s": 1, "m": 60, "h": 3600}
_TIME = re.compile(r"(\d{1,6})([smh])")


def seconds_of(_context: click.Context, _option: click.Parameter, value: str) -> float:
    """Seconds of a time; infinite for none. Raises UsageError."""
    if not value:
        return inf
    match = _TIME.fullmatch(value)
    if not match:
        raise UsageError(message("watch:time", text=value))
    return float(match[1]) * _SECONDS[match[2]]
