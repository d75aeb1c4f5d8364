"""`intents` of hosts, groups, defaults and the event: configuration intents with template values."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, TypeAlias, TypeVar

from pydantic import AfterValidator, ValidationInfo, WithJsonSchema

from eventready.core.errors import InvalidValue
from eventready.core.messages import message
from eventready.core.validation_messages import suggest

#: Shipped intents, in the order of a plan.
INTENTS = ("load_balancing", "backup", "priority")
#: Folder of a workspace with its playbooks for service hosts.
PLAYBOOKS = "playbooks"
#: Key of a validation context: the intents of the workspace.
KNOWN_INTENTS = "intents"

_INTENT = re.compile(r"[a-z][a-z0-9_]{0,40}")


def intent_names(templates: Path) -> tuple[str, ...]:
    """Return the shipped intents, then those of a workspace: folders of `templates/` with a template or values, and
    playbooks.
    """
    own = {path.parent.name for pattern in ("*/*.j2", "*/values.yaml") for path in templates.glob(pattern)}
    own |= {path.stem for path in templates.parent.glob(f"{PLAYBOOKS}/*.yml")}
    return (*INTENTS, *sorted(name for name in own if _INTENT.fullmatch(name) and name not in INTENTS))


def _known(name: str, info: ValidationInfo) -> str:
    """Refuse an intent unknown to the workspace of the validation; without a workspace any name is valid."""
    if not _INTENT.fullmatch(name):
        raise InvalidValue(message("workspace:intents.intent_name", name=name))
    known = (info.context or {}).get(KNOWN_INTENTS)
    if known is not None and name not in known:
        raise InvalidValue(message("workspace:intents.unknown", name=name, suggestion=suggest(name, known)))
    return name


#: Name of an intent.
Intent: TypeAlias = Annotated[
    str,
    AfterValidator(_known),
    WithJsonSchema({"type": "string", "pattern": f"^{_INTENT.pattern}$", "examples": list(INTENTS)}),
]

#: Variables of every template beside the values of its intent.
RESERVED_NAMES = ("device", "expect", "event")

_NAME = re.compile(r"[a-z_][a-z0-9_]*")


V = TypeVar("V")


def usable(values: dict[str, V]) -> dict[str, V]:
    """Return the values. Raises InvalidValue for a name of no possible variable of a template."""
    for name in values:
        if not _NAME.fullmatch(name) or keyword.iskeyword(name):
            raise InvalidValue(message("workspace:intents.name", name=name))
        if name in RESERVED_NAMES:
            raise InvalidValue(message("workspace:intents.reserved", name=name))
    return values


#: Template values by intent.
Intents: TypeAlias = dict[Intent, Annotated[dict[str, Any], AfterValidator(usable)]]


def merge_intents(values: Intents, layers: Iterable[Intents]) -> Intents:
    """Intents named by the layers (most specific last), merged key by key over the default `values`.

    `values` of the event are defaults only: an intent in `values` alone does not apply to a device.
    """
    found: Intents = {}
    for layer in layers:
        for intent, own in layer.items():
            found[intent] = {**found.get(intent, {}), **(own or {})}
    return {intent: {**(values.get(intent) or {}), **own} for intent, own in found.items()}
