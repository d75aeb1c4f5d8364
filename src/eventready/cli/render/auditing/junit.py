"""Run as JUnit XML: a test suite per device, a test case per finding."""

from __future__ import annotations

import re
from collections import Counter
from itertools import groupby
from typing import Literal
from xml.etree import ElementTree as ET

from eventready.store.run import Run
from eventready.store.run_records import RunFinding

#: Characters outside XML 1.0.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_FLEET = "fleet"


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
