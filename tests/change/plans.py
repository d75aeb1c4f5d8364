"""Plans to bend."""

from __future__ import annotations

from typing import Any

from eventready.change.document import Plan, seal


def planned(name: str = "edge-1", **values: Any) -> dict[str, Any]:
    """A device's part of a plan."""
    return {
        "name": name,
        "platform": "frr",
        "endpoint": "192.0.2.1",
        "venues": ["hall"],
        "intents": ["backup"],
        "guard": {"kind": "inverse", "protects": "We take it back.", "gap": "No device-side way back."},
        "before": "a" * 64,
        "predicted": "b" * 64,
        "forward": ["interface eth0", "vrrp 10 priority 110", "exit"],
        "backward": ["interface eth0", "vrrp 10 priority 100", "exit"],
        "fragment": "interface eth0\n vrrp 10 priority 110\n",
        "diff": ["  interface eth0", "-  vrrp 10 priority 100", "+  vrrp 10 priority 110"],
        "risks": ["No device-side way back."],
        **values,
    }


def document(**values: Any) -> dict[str, Any]:
    """A plan's document without its hash."""
    return {
        "schema": "eventready.plan/2",
        "id": "p-20220425-070000-a3f2",
        "event": "fair",
        "intents": ["backup"],
        "created": {"real": "2026-11-25T04:00:00+00:00", "event": "2022-04-25T07:00:00+07:00"},
        "by": "Nguyễn Văn An",
        "host": "noc-1",
        "tool": "eventready 0.1.0",
        "approvals_needed": 0,
        "waves": [["edge-1"]],
        "devices": [planned()],
        "unchanged": ["edge-2"],
        "left_out": [{"name": "edge-3", "reason": "nothing is wanted of it"}],
        "rolls_back": None,
        **values,
    }


def plan(**values: Any) -> Plan:
    """A sealed plan."""
    return seal(document(**values))
