"""JSON Schema of the workspace files, for completion and validation in editors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, RootModel

from eventready.workspace.devices.access import JumpHosts
from eventready.workspace.devices.capacity import CapacityFile
from eventready.workspace.devices.device import ROLES
from eventready.workspace.inventory_schema import Defaults, Elements
from eventready.workspace.settings.alerts import AnyAlertsFile
from eventready.workspace.settings.circuits import CircuitFile
from eventready.workspace.settings.duties import DutyFile
from eventready.workspace.settings.event import Event
from eventready.workspace.settings.forms import FormSpec
from eventready.workspace.settings.intent_folders import ValuesFile, WritableFile
from eventready.workspace.settings.learning import LearnFile
from eventready.workspace.settings.performance import PerformanceFile
from eventready.workspace.settings.risk import RiskFile
from eventready.workspace.settings.waivers import WaiverFile
from eventready.workspace.settings.watch import ServeFile, WatchFile
from eventready.workspace.settings.works import Work

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class AlertsDocument(RootModel[AnyAlertsFile]):
    """alerts.yaml: own routes to people, or an Alertmanager."""


#: Models by file.
MODELS: Mapping[str, type[BaseModel]] = {
    "event": Event,
    "hosts": Elements,
    "groups": Elements,
    "defaults": Defaults,
    "jump_hosts": JumpHosts,
    "duties": DutyFile,
    "forms": FormSpec,
    "waivers": WaiverFile,
    "values": ValuesFile,
    "writable": WritableFile,
    "learn": LearnFile,
    "capacity": CapacityFile,
    "risk": RiskFile,
    "circuits": CircuitFile,
    "works": Work,
    "watch": WatchFile,
    "alerts": AlertsDocument,
    "serve": ServeFile,
    "performance": PerformanceFile,
}


def schema_of(model: type[BaseModel], file: str) -> dict[str, Any]:
    """Return the JSON Schema of a file of `model`."""
    return {"$schema": DIALECT, **model.model_json_schema(by_alias=True), "title": file}


def limits_schema(checks: Mapping[str, type[BaseModel]]) -> dict[str, Any]:
    """JSON Schema of limits.yaml from the limit models by check: every limit optional, plus `source`."""
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
