"""The machine as a workspace names it: one host with what is expected of it, and its host key."""

from __future__ import annotations

from typing import Any

from eventready.lab.real.wifi.machine import Order, Record


def host_entry(record: Record, order: Order, username: str, password: str) -> dict[str, Any]:
    """The host's entry for `hosts.yaml` of a lab's copy."""
    return {
        "hostname": record.host,
        "port": record.port,
        "username": username,
        "password": password,
        "platform": "linux_hostapd",
        "data": {
            "role": "wifi_controller",
            "venues": sorted({ap.venue for ap in order.air}),
            "expect": expectations(order),
        },
    }


def expectations(order: Order) -> dict[str, Any]:
    """What must be there. The machine keeps no clock, sends no log and has no configuration to save."""
    return {
        "uplinks": ["eth0"],
        "access_points": [{"name": ap.name, "venue": ap.venue} for ap in order.air],
        "ntp": False,
        "syslog": False,
        "saved_config": False,
    }


def known_host(record: Record) -> str:
    """The machine's line for known_hosts."""
    name = record.host if record.port == 22 else f"[{record.host}]:{record.port}"
    return f"{name} {record.host_key}\n"
