"""Run for the tools of a pipeline: JUnit XML with a suite per device, and SARIF with a rule per check."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any, Literal
from xml.etree import ElementTree as ET

from eventready import __version__
from eventready.checks.check import Check
from eventready.store.run import Run
from eventready.store.run_records import RunFinding
from eventready.workspace.devices.device import Device

#: Characters outside XML 1.0.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_FLEET = "fleet"
#: Version of SARIF.
VERSION = "2.1.0"
_LEVELS = {"fail": "error", "warn": "warning", "not_measured": "warning", "waived": "note"}
_HOSTS = "inventory/hosts.yaml"


def junit(run: Run, fail_on: Literal["warn", "fail"]) -> str:
    """JUnit XML of a run. Failures (and warnings with `fail_on` warn) fail, unmeasured subjects are errors."""
    root = ET.Element("testsuites", name=_text(run.header.event_info.name))
    findings = sorted(run.findings(), key=lambda one: (one.device, one.check, one.subject))
    totals: Counter[str] = Counter()
    for device, group in groupby(findings, key=lambda one: one.device or _FLEET):
        suite = ET.SubElement(root, "testsuite", name=_text(device), timestamp=run.header.started)
        counts: Counter[str] = Counter()
        for finding in group:
            counts["tests"] += 1
            counts[_case(suite, finding, fail_on)] += 1
        for key in ("tests", "failures", "errors", "skipped"):
            suite.set(key, str(counts[key]))
        totals.update(counts)
    for key in ("tests", "failures", "errors"):
        root.set(key, str(totals[key]))
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _case(suite: ET.Element, finding: RunFinding, fail_on: str) -> str:
    """Add a test case. Return the counter of its result."""
    name = " ".join(part for part in (finding.check, finding.subject) if part)
    case = ET.SubElement(suite, "testcase", classname=f"{suite.get('name')}.{finding.check}", name=_text(name))
    message, status = _text(finding.message), finding.status
    if status == "fail" or (status == "warn" and fail_on == "warn"):
        ET.SubElement(case, "failure", message=message, type=status)
        return "failures"
    if status == "not_measured":
        ET.SubElement(case, "error", message=message, type=status)
        return "errors"
    if status == "waived":
        ET.SubElement(case, "skipped", message=message)
        return "skipped"
    ET.SubElement(case, "system-out").text = message
    return "passed"


def _text(value: object) -> str:
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", str(value))


def sarif(run: Run, checks: Iterable[Check], devices: Iterable[Device]) -> str:
    """SARIF 2.1.0 of a run: a result per finding except passes, at the line of its device in hosts.yaml."""
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
