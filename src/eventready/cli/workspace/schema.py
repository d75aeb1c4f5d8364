"""`eventready doctor schema`: JSON Schema for editors."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import click
from pydantic import BaseModel

from eventready.change.document import PlanFile
from eventready.checks.registry import all_checks
from eventready.cli.context import App
from eventready.cli.declare.workspace import RECORDS
from eventready.drill.spec import Drill
from eventready.drill.steps import STREAM as DRILL
from eventready.incidents.incident import STREAM as INCIDENT
from eventready.platforms.model import FactsSpec, PlatformSpec
from eventready.roster.settings import RosterSettings
from eventready.store.change_steps import STREAM as CHANGE
from eventready.store.run_records import RUN
from eventready.workspace.schema import MODELS, limits_schema, schema_of


def _schema(kind: str) -> dict[str, Any]:
    if kind in RECORDS:
        return record_schemas()[kind]()
    if kind == "limits":
        return limits_schema({check.name: type(check.limits) for check in all_checks()})
    return schema_of(schema_models()[kind], f"{kind}.yaml")


def record_schemas() -> Mapping[str, Callable[[], dict[str, Any]]]:
    """Makers of the schemas of records, by name."""
    return {
        "change": CHANGE.json_schema, "drill-record": DRILL.json_schema, "incident": INCIDENT.json_schema,
        "plan": PlanFile.model_json_schema, "run": RUN.json_schema,
    }  # fmt: skip


def schema_models() -> Mapping[str, type[BaseModel]]:
    """Models by the name of their file; the limits are those of the checks."""
    return {**MODELS, "drill": Drill, "platform": PlatformSpec, "facts": FactsSpec, "roster": RosterSettings}


def command(_app: App, *, kind: str) -> None:
    """Print the JSON Schema of a workspace file, for editors, or of a stored or exported record, for programs."""
    click.echo(json.dumps(_schema(kind), ensure_ascii=False, indent=1))
