"""Findings as JUnit XML and SARIF, and hints of the audit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner

from eventready.checks.registry import all_checks
from eventready.cli.audit.ci_files import junit, sarif
from eventready.cli.context import App, lab_origin
from eventready.cli.declare.audit import audit
from eventready.core.errors import WorkspaceError
from eventready.store.run import Run
from eventready.store.run_records import SCHEMA
from eventready.workspace.devices.device import Device
from eventready.workspace.examples.example import copy_example
from eventready.workspace.workspace import load_workspace


def finding(device: str, status: str, **more: Any) -> dict[str, Any]:
    message, waiver = f"{status} <&>\x00\x1b[31m", "An, until 2027" if status == "waived" else ""
    return {"device": device, "check": "cpu", "subject": "CPU 0", "status": status, "message": message,
            "waiver": waiver, **more}  # fmt: skip


RUN = Run.of({
    "schema": SCHEMA, "id": "r1", "event": "fair", "started": "2027-04-29T12:00:00+00:00",
    "event_info": {"name": "Hội <chợ>"},
    "findings": [
        finding("b", "pass"), finding("a", "fail"), finding("a", "warn", subject="CPU 1"), finding("", "not_measured"),
        finding("b", "waived", subject="x"),
    ],
})  # fmt: skip
DEVICES = [Device("a", "router", "frr", "192.0.2.1", origin="w/inventory/hosts.yaml:12")]


@pytest.mark.parametrize(("fail_on", "failures"), [("fail", 1), ("warn", 2)])
def test_junit_counts_by_device(fail_on: Any, failures: int) -> None:
    root = ET.fromstring(junit(RUN, fail_on))
    assert (root.get("name"), root.get("tests"), root.get("failures"), root.get("errors")) == (
        "Hội <chợ>", "5", str(failures), "1",
    )  # fmt: skip
    suites = {suite.get("name"): suite for suite in root}
    assert set(suites) == {"a", "b", "fleet"}
    assert suites["b"].get("skipped") == "1"
    (failure,) = suites["a"].findall(".//failure[@type='fail']")
    assert failure.get("message") == "fail <&>\ufffd\ufffd[31m", "no control character reaches a viewer"


def test_sarif_names_rules_lines_and_waivers() -> None:
    document = json.loads(sarif(RUN, all_checks(), DEVICES))
    (run,) = document["runs"]
    assert document["version"] == "2.1.0"
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["cpu"]
    levels = [(result["level"], result["kind"]) for result in run["results"]]
    assert levels == [("error", "fail"), ("warning", "fail"), ("none", "open"), ("note", "fail")]
    region = run["results"][0]["locations"][0]["physicalLocation"]
    assert region == {"artifactLocation": {"uri": "inventory/hosts.yaml"}, "region": {"startLine": 12}}
    assert run["results"][3]["suppressions"] == [{"kind": "external", "justification": "An, until 2027"}]
    prints = {result["partialFingerprints"]["finding/v1"] for result in run["results"]}
    assert len(prints) == 4


def test_the_command_writes_both_for_saved_outputs(tmp_path: Path) -> None:
    copy_example(tmp_path / "w")
    (tmp_path / "saved").mkdir()
    words = ["--from", str(tmp_path / "saved"), "-l", "core-1", "--junit", str(tmp_path / "a.xml")]
    done = CliRunner().invoke(
        audit, [*words, "--sarif", str(tmp_path / "a.sarif")], obj=App(workspace_path=tmp_path / "w"),
        standalone_mode=False,
    )  # fmt: skip
    assert done.exception is None, done.exception
    assert int(ET.parse(tmp_path / "a.xml").getroot().get("errors", "0")) > 0
    assert json.loads((tmp_path / "a.sarif").read_text())["runs"][0]["results"]
    assert (tmp_path / "a.xml").stat().st_mode & 0o077 == 0


def test_the_folder_of_a_lab_that_is_down_names_lab_up(tmp_path: Path) -> None:
    folder = tmp_path / "my event" / ".eventready" / "lab"
    with pytest.raises(WorkspaceError, match=r"Start the lab: eventready -w '.*my event' lab up"):
        load_workspace(folder)
    assert lab_origin(folder) == f"'{tmp_path / 'my event'}'"
    assert lab_origin(tmp_path) == str(tmp_path)
