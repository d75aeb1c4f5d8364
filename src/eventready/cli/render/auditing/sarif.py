"""Run as SARIF 2.1.0: a rule per check, a result per finding other than a pass, located in hosts.yaml."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from eventready import __version__
from eventready.checks.check import Check
from eventready.store.run import Run
from eventready.store.run_records import RunFinding
from eventready.workspace.devices.device import Device

VERSION = "2.1.0"
_LEVELS = {"fail": "error", "warn": "warning", "not_measured": "warning", "waived": "note"}
_HOSTS = "inventory/hosts.yaml"


def sarif(run: Run, checks: Iterable[Check], devices: Iterable[Device]) -> str:
    """SARIF document of a run. `devices` give the lines of hosts.yaml."""
    lines = {device.name: _line(device.origin) for device in devices}
    findings = list(run.open_findings())
    used = {finding.check for finding in findings}
    rules = [{"id": c.name, "shortDescription": {"text": c.title}} for c in checks if c.name in used]
    document = {
        "version": VERSION,
        "runs": [
            {
                "tool": {"driver": {"name": "eventready", "version": __version__, "rules": rules}},
                "automationDetails": {"id": f"{run.header.event}/{run.id}"},
                "results": [_result(finding, lines) for finding in findings],
            }
        ],
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _result(finding: RunFinding, lines: Mapping[str, int]) -> dict[str, Any]:
    status, device = finding.status, finding.device
    identity = "\n".join(finding.identity)
    result: dict[str, Any] = {
        "ruleId": finding.check,
        "level": _LEVELS[status],
        "kind": "open" if status == "not_measured" else "fail",
        "message": {"text": f"{device}: {finding.message}" if device else finding.message},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": _HOSTS},
                    "region": {"startLine": lines.get(device, 1)},
                },
                "logicalLocations": [{"name": finding.subject or device, "fullyQualifiedName": device}],
            }
        ],
        "partialFingerprints": {"finding/v1": hashlib.sha256(identity.encode()).hexdigest()},
    }
    if status == "waived":
        result["suppressions"] = [{"kind": "external", "justification": finding.waiver}]
    if result["kind"] != "fail":
        result["level"] = "none"
    return result


def _line(origin: str) -> int:
    line = origin.rpartition(":")[2]
    return int(line) if line.isdigit() and Path(origin.rpartition(":")[0]).name == "hosts.yaml" else 1
