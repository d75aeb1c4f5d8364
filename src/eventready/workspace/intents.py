"""`intents` of hosts, groups, defaults and the event: what is to be configured, with the values for its templates."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, TypeAlias, get_args

from pydantic import AfterValidator

Intent = Literal["load_balancing", "backup", "priority"]

INTENTS: tuple[Intent, ...] = get_args(Intent)

#: What every template is given beside the values of its intent.
GIVEN = ("device", "expect", "event")

_NAME = re.compile(r"[a-z_][a-z0-9_]*")


def _usable(values: dict[str, Any]) -> dict[str, Any]:
    for name in values:
        if not _NAME.fullmatch(name) or keyword.iskeyword(name):
            raise ValueError(f"{name!r} is no name for a value. Use small letters, digits and underscores.")
        if name in GIVEN:
            raise ValueError(f"every template is given {name!r} already. Give the value another name.")
    return values


#: Values by intent; templates see them by these names.
Intents: TypeAlias = dict[Intent, Annotated[dict[str, Any], AfterValidator(_usable)]]


def merged(values: Mapping[str, Any], layers: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """The intents that the layers name (the most special last), each with its values key by key over `values`.

    `values` (the event's) only fill in: they make no device take part in an intent.
    """
    found: dict[str, dict[str, Any]] = {}
    for layer in layers:
        for intent, own in layer.items():
            found[intent] = {**found.get(intent, {}), **(own or {})}
    return {intent: {**(values.get(intent) or {}), **own} for intent, own in found.items()}
