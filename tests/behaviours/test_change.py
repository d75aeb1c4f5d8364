"""A change, on simulated devices and on real software alike: planned, applied, complied with, taken back, refused."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.behaviours.test_behaviours import STANDING, reported
from tests.behaviours.twin import Twin
from tests.real.device import device_of

pytestmark = [pytest.mark.xdist_group("twin"), pytest.mark.timeout(900)]

INTENTS = ("load_balancing", "backup", "priority")
#: Every device that a change here touches, and what brings it back.
GUARDS = {
    **dict.fromkeys(("gw-1", "gw-2", "core-1", "core-2", "ap-host-1"), "dead_man"),
    "bsc": "inverse",
}
PLATFORMS = {"gw-2": "frr", "bsc": "osmocom_bsc", "ap-host-1": "linux_hostapd"}


def reported_of(twin: Twin, *words: str, expect: int = 0) -> Any:
    """The document that a command prints."""
    return json.loads(twin.call("-o", "json", *words, expect=(expect,)).stdout)


def outcomes(document: Any) -> dict[str, str]:
    return {one["device"]: one["outcome"] for one in document["devices"]}


def test_a_change_makes_nothing_worse_is_complied_with_and_goes_back(twin: Twin, tmp_path: Path) -> None:
    plan = str(tmp_path / "event.plan")
    reported_of(twin, "plan", *INTENTS, "--out", plan, "--detailed-exitcode", expect=3)
    done = reported_of(twin, "apply", plan)
    assert outcomes(done) == dict.fromkeys(GUARDS, "with_change")
    assert {one["device"]: one["guard"] for one in done["devices"]} == GUARDS
    audited = twin.audit()
    assert audited.run.document["coverage"]["ratio"] == 1.0
    assert reported(audited) <= STANDING
    reported_of(twin, "plan", *INTENTS, "--out", str(tmp_path / "again.plan"), "--detailed-exitcode")
    back = reported_of(twin, "rollback", done["change"])
    assert outcomes(back) == dict.fromkeys(GUARDS, "as_before")
    assert reported(twin.audit()) == STANDING


def addition(platform: str, text: str) -> dict[str, Any]:
    """The entry of writable.yaml that makes a section with one line, and its way back, writable."""
    section, line = (one.strip() for one in text.splitlines())
    lines = {section: {line: None, f"{line.rpartition(' ')[0]} default": None}}
    return {"platform": platform, "lines": lines, "by": "An", "reason": "a device's own refusal"}


@pytest.mark.parametrize(
    ("device", "line", "words"),
    [
        ("gw-2", "router ospf\n maximum-pths 8\n", "% Unknown command: maximum-pths 8"),
        ("bsc", "network\n handover2 retries 99\n", "% Unknown command."),
        (
            "ap-host-1", "/etc/hostapd/gate.conf\n no_such_key=1\n",
            "/etc/hostapd/gate.conf: Line N: unknown configuration item 'no_such_key'",
        ),
    ],
)  # fmt: skip
def test_a_line_that_is_refused_is_reported_in_the_device_s_words(
    twin: Twin, tmp_path: Path, device: str, line: str, words: str
) -> None:
    text = device_of(twin, device).running() if twin.real else ""
    kept = tmp_path / "kept.plan"
    before = reported_of(twin, "plan", "backup", "-l", device, "--out", str(kept))
    template = twin.copy / "templates" / "backup" / f"{PLATFORMS[device]}.j2"
    good = template.read_text(encoding="utf-8")
    added = twin.copy / "inventory" / "writable.yaml"
    added.write_text(json.dumps({"additions": [addition(PLATFORMS[device], line)]}), encoding="utf-8")
    template.write_text(good + line, encoding="utf-8")
    try:
        reported_of(twin, "plan", "backup", "-l", device, "--out", str(tmp_path / "bad.plan"))
    finally:
        template.write_text(good, encoding="utf-8")
    try:
        (only,) = reported_of(twin, "apply", str(tmp_path / "bad.plan"), expect=5)["devices"]
    finally:
        added.unlink()
    assert only["outcome"] == "as_before"
    assert words in re.sub(r"Line \d+", "Line N", only["why"])
    again = reported_of(twin, "plan", "backup", "-l", device, "--out", str(tmp_path / "again.plan"))
    assert [one["diff"] for one in again["devices"]] == [one["diff"] for one in before["devices"]]
    if twin.real:
        assert device_of(twin, device).running() == text
