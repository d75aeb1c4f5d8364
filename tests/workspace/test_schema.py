"""`eventready doctor schema`: what editors are told is what is checked."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner

from eventready.checks.registry import all_checks
from eventready.cli.declare.workspace import doctor_schema

KINDS = ["defaults", "duties", "event", "facts", "groups", "hosts", "limits", "platform", "roster", "waivers"]


def schema(kind: str) -> dict[str, Any]:
    result = CliRunner().invoke(doctor_schema, [kind])
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert isinstance(document, dict)
    return document


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind(kind: str) -> None:
    document = schema(kind)
    assert document["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert document["title"] == f"{kind}.yaml"
    for reference in _references(document):
        assert reference.removeprefix("#/$defs/") in document["$defs"], reference


def _references(part: Any) -> set[str]:
    if isinstance(part, list):
        return {found for item in part for found in _references(item)}
    if not isinstance(part, dict):
        return set()
    own = {part["$ref"]} if isinstance(part.get("$ref"), str) else set()
    return own | {found for item in part.values() for found in _references(item)}


def test_keys_as_they_are_written() -> None:
    window = schema("event")["$defs"]["Window"]
    assert set(window["required"]) == {"kind", "from", "to"}
    assert window["additionalProperties"] is False
    assert "pattern" in window["properties"]["from"], "a local time is not JSON Schema's date-time"
    data = schema("hosts")["$defs"]["Data"]
    assert data["patternProperties"] == {"^x_": {}}
    assert "origin" not in schema("waivers")["$defs"]["Waiver"]["properties"]


def test_limits_know_every_check() -> None:
    overrides = schema("limits")["$defs"]["overrides"]["properties"]
    assert set(overrides) == {check.name for check in all_checks()}
    cpu = overrides["cpu"]
    assert {"warn", "fail", "source"} <= set(cpu["properties"])
    assert "required" not in cpu


def test_an_unknown_kind() -> None:
    assert CliRunner().invoke(doctor_schema, ["hots"]).exit_code == 2
