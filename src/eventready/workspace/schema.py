"""JSON Schema of the workspace's files, for editors that complete and check while one types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from eventready.workspace.device import ROLES
from eventready.workspace.duties import DutyFile
from eventready.workspace.entries import Defaults, Elements
from eventready.workspace.event import Event
from eventready.workspace.waivers import WaiverFile

DIALECT = "https://json-schema.org/draft/2020-12/schema"

#: The files whose shape a model tells.
MODELS: Mapping[str, type[BaseModel]] = {
    "event": Event,
    "hosts": Elements,
    "groups": Elements,
    "defaults": Defaults,
    "duties": DutyFile,
    "waivers": WaiverFile,
}


def schema_of(model: type[BaseModel], file: str) -> dict[str, Any]:
    """The JSON Schema of a file that holds one `model`."""
    return {"$schema": DIALECT, **model.model_json_schema(by_alias=True), "title": file}


def limits_schema(checks: Mapping[str, type[BaseModel]]) -> dict[str, Any]:
    """The JSON Schema of limits.yaml, given the model of each check's limits: all of them optional, and `source`."""
    definitions: dict[str, Any] = {}
    by_check: dict[str, Any] = {}
    for name, model in sorted(checks.items()):
        own = model.model_json_schema()
        definitions |= own.pop("$defs", {})
        own.pop("required", None)
        own["properties"] = {**own.get("properties", {}), "source": {"type": "string"}}
        by_check[name] = own
    overrides = {"type": "object", "properties": by_check, "additionalProperties": False}
    per_name = {"type": "object", "additionalProperties": {"$ref": "#/$defs/overrides"}}
    return {
        "$schema": DIALECT,
        "title": "limits.yaml",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "defaults": {"$ref": "#/$defs/overrides"},
            "roles": {**per_name, "propertyNames": {"enum": list(ROLES)}},
            "venues": per_name,
            "devices": per_name,
        },
        "$defs": {**definitions, "overrides": overrides},
    }
