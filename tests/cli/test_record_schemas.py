"""JSON Schema of stored and exported records, held against real ones."""

from __future__ import annotations

import json
import re

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # no stubs

from eventready.cli.declare.workspace import RECORDS
from eventready.cli.workspace.schema import record_schemas
from tests.papers.documents import broken, healthy


@pytest.mark.parametrize("name", RECORDS)
def test_the_schema_of_a_record_is_a_schema(name: str) -> None:
    schema = record_schemas()[name]()
    Draft202012Validator.check_schema(schema)
    named = set(re.findall(r'"\$ref": "#/\$defs/([^"]+)"', json.dumps(schema)))
    assert named <= schema["$defs"].keys()
    assert named


def test_a_run_has_the_form_of_its_schema_and_a_forged_one_has_not() -> None:
    validator = Draft202012Validator(record_schemas()["run"]())
    for made in (healthy(), broken()):
        document = json.loads(b"".join(made.run.json()))
        validator.validate(document)
        document["findings"][0]["status"] = "fine"
        assert [error.json_path for error in validator.iter_errors(document)] == ["$.findings[0].status"]
