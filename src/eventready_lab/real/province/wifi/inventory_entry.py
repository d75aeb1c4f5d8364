"""The inventory entry and host key of the WiFi host."""

from __future__ import annotations

from typing import Any

from eventready_lab.real.province.wifi.machine import MachineOptions, MachineRecord
from eventready_lab.real.province.wifi.radio import SSID


def host_entry(record: MachineRecord, options: MachineOptions, username: str, password: str) -> dict[str, Any]:
    """The host's entry for `hosts.yaml` of a lab's copy."""
    return {
        "hostname": record.host,
        "port": record.port,
        "username": username,
        "password": password,
        "platform": "linux_hostapd",
        "data": {
            "role": "wifi_controller",
            "venues": sorted({ap.venue for ap in options.air}),
            "expect": expectations(options),
        },
    }


def expectations(options: MachineOptions) -> dict[str, Any]:
    """The expectations. The machine has no time server, no remote log and no saved configuration."""
    return {
        "uplinks": ["eth0"],
        "access_points": [{"name": ap.name, "venue": ap.venue} for ap in options.air],
        "wlans": [SSID],
        "ntp": False,
        "syslog": False,
        "saved_config": False,
    }


def known_host(record: MachineRecord) -> str:
    """The machine's line for known_hosts."""
    name = record.host if record.port == 22 else f"[{record.host}]:{record.port}"
    return f"{name} {record.host_key}\n"
