"""`eventready doctor matrix` on the example workspace."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from eventready.checks.registry import all_checks
from eventready.cli.main import cli

ROOT = Path(__file__).parents[2]


def matrix(*arguments: str, columns: int = 100) -> Result:
    return CliRunner(env={"COLUMNS": str(columns), "EVENTREADY_OUTPUT": ""}).invoke(
        cli, ["-w", str(ROOT), "doctor", "matrix", *arguments]
    )


@pytest.mark.parametrize("columns", [60, 100])
def test_the_table_fits_the_terminal(columns: int) -> None:
    result = matrix(columns=columns)
    assert result.exit_code == 0, result.output
    assert max(len(line) for line in result.stdout.splitlines()) <= columns


def test_the_table_names_every_device_and_why_it_unsupported() -> None:
    text = " ".join(matrix().stdout.split())
    assert "core-1, core-2" in text
    assert "not supported" in text
    assert "alarm: OsmoBSC keeps no list of active alarms" in text
    assert f"{len(all_checks())} checks: " in text


def test_json_has_every_check_of_every_device() -> None:
    entries = json.loads(matrix("-o", "json").stdout)
    assert [entry["device"] for entry in entries] == sorted(entry["device"] for entry in entries)
    for entry in entries:
        assert set(entry["checks"]) == {check.name for check in all_checks()}
        for cell in entry["checks"].values():
            assert (cell["state"] == "applicable") == (cell["reason"] == "")
        assert len(entry["commands"]) == len(set(entry["commands"])) <= 2 * len(entry["facts"])  # a fact may have two


def test_unconfirmed_facts_are_named() -> None:
    entries = {entry["device"]: entry for entry in json.loads(matrix("-o", "json").stdout)}
    assert entries["enb-hn-1"]["unconfirmed"] == ["cell", "core_link"]
    assert entries["core-1"]["unconfirmed"] == []
    assert "no public source confirms the form of" in " ".join(matrix("-l", "enb-hn-1").stdout.split())


def test_a_device_that_no_person_has_is_refused() -> None:
    result = matrix("-l", "corre-1")
    assert result.exit_code != 0
    assert not result.stdout
