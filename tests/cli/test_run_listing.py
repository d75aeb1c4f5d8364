"""A run on the terminal: devices with one reason share a row."""

from __future__ import annotations

from eventready.cli.render.run import unmeasured_rows

LOST = "The jump host bastion-1 (203.0.113.9) was lost. Check it, then run again."


def finding(device: str, check: str, message: str, *, blind: bool = False) -> dict[str, object]:
    return {
        "device": device,
        "check": check,
        "subject": "",
        "status": "not_measured",
        "message": message,
        "blind": blind,
    }


def test_devices_behind_a_lost_jump_host_share_a_row() -> None:
    findings = [finding(f"core-{n}", check, LOST) for n in range(200) for check in ("cpu", "memory")]
    findings += [finding("edge-1", "cpu", "No prompt within 30 s."), finding("edge-2", "fan", "blind", blind=True)]
    rows = [row[1:] for row in unmeasured_rows(findings, "en")]
    assert sorted(rows) == [("200 devices", "2 checks", LOST), ("edge-1", "cpu", "No prompt within 30 s.")]
