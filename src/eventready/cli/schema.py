"""`eventready schema`: JSON Schema for editors."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import click
from pydantic import BaseModel

from eventready.checks.registry import all_checks
from eventready.platforms.model import FactsSpec, PlatformSpec
from eventready.roster.settings import RosterSettings
from eventready.workspace.schema import MODELS, limits_schema, schema_of


def _schema(kind: str) -> dict[str, Any]:
    if kind == "limits":
        return limits_schema({check.name: type(check.limits) for check in all_checks()})
    return schema_of(_MODELS[kind], f"{kind}.yaml")


_MODELS: Mapping[str, type[BaseModel]] = {
    **MODELS,
    "platform": PlatformSpec,
    "facts": FactsSpec,
    "roster": RosterSettings,
}


@click.command(short_help="Print a JSON Schema for editors")
@click.argument("kind", type=click.Choice(sorted([*_MODELS, "limits"])))
def command(kind: str) -> None:
    """Print the JSON Schema of one kind of file, for editors that complete and check while you type.

    \b
      eventready schema hosts > hosts.schema.json
      # first line of hosts.yaml:  # yaml-language-server: $schema=../hosts.schema.json
    """
    click.echo(json.dumps(_schema(kind), ensure_ascii=False, indent=1))
