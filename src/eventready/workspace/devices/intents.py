"""`intents` of hosts, groups, defaults and the event: configuration intents with template values."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, TypeAlias, get_args

from pydantic import AfterValidator

from eventready.core.errors import InvalidValue
from eventready.core.messages import message

Intent = Literal["load_balancing", "backup", "priority"]

INTENTS: tuple[Intent, ...] = get_args(Intent)

#: Variables of every template beside the values of its intent.
RESERVED_NAMES = ("device", "expect", "event")

_NAME = re.compile(r"[a-z_][a-z0-9_]*")


def _usable(values: dict[str, Any]) -> dict[str, Any]:
    for name in values:
        if not _NAME.fullmatch(name) or keyword.iskeyword(name):
            raise InvalidValue(message("workspace:intents.name", name=name))
        if name in RESERVED_NAMES:
            raise InvalidValue(message("workspace:intents.reserved", name=name))
    return values


#: Template values by intent.
Intents: TypeAlias = dict[Intent, Annotated[dict[str, Any], AfterValidator(_usable)]]


def merge_intents(values: Mapping[str, Any], layers: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Intents named by the layers (most specific last), merged key by key over the default `values`.

    `values` of the event are defaults only: an intent in `values` alone does not apply to a device.
    """
    found: dict[str, dict[str, Any]] = {}
    for layer in layers:
        for intent, own in layer.items():
            found[intent] = {**found.get(intent, {}), **(own or {})}
    return {intent: {**(values.get(intent) or {}), **own} for intent, own in found.items()}
