"""Routers of platforms that the example's province has none of, with expectations and intents as an inventory has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eventready.workspace.devices.device import Device
from eventready.workspace.devices.expect import Expect

#: What the group of routers shares.
_SHARED: dict[str, dict[str, Any]] = {
    "load_balancing": {},
    "backup": {"priority": {"master": 120, "backup": 105}, "decrement": 30, "gateway_groups": [10]},
    "priority": {"voice_percent": 20, "data_percent": 40},
}


_EXPECTED: dict[str, Any] = {"ntp": True, "syslog": True, "saved_config": True, "default_routes": 2}


def _router(
    name: str, platform: str, expect: dict[str, Any], intents: Mapping[str, Mapping[str, Any]], hostname: str
) -> Device:
    return Device(
        name=name,
        role="router",
        platform=platform,
        hostname=hostname,
        venues=("van-hoa",),
        expect=Expect.model_validate(_EXPECTED | expect),
        intents={intent: {**shared, **intents.get(intent, {})} for intent, shared in _SHARED.items()},
    )


def other_vendors() -> tuple[Device, ...]:
    """One router of each platform."""
    return (
        _router(
            "edge-jn-1",
            "juniper_junos",
            {
                "uplinks": ["et-0/0/0"],
                "links": [{"port": "et-0/0/0", "device": "core-1", "to_port": "TenGigabitEthernet0/1/3"}],
                "bundles": [{"name": "ae1", "members": 2, "min_links": 2}],
                "ospf": ["10.255.0.1"],
                "bgp": ["10.0.9.1"],
                "bfd": ["10.0.9.1"],
                "gateways": [
                    {"protocol": "vrrp", "group": 10, "interface": "ge-0/0/5.100", "virtual_ip": "10.9.0.1",
                     "role": "master"},
                ],
            },
            {
                "load_balancing": {"maximum_paths": 32, "bgp_groups": ["event"]},
                "backup": {
                    "uplink": {"interface": "et-0/0/0.0", "next_hop": "10.0.9.1"},
                    "bfd_ms": 300,
                    "addresses": {"ge-0/0/5.100": "10.9.0.2/24"},
                    "floating": [{"next_hop": "10.0.9.5", "distance": 200}],
                },
                "priority": {"marked_interfaces": ["ge-0/0/5.100"], "steer": {"interface": "ge-0/0/5.100"}},
            },
            "192.0.2.91",
        ),
        _router(
            "edge-xr-1",
            "cisco_xr",
            {
                "uplinks": ["TenGigE0/0/0/0"],
                "links": [{"port": "TenGigE0/0/0/0", "device": "core-2", "to_port": "TenGigabitEthernet0/1/3"}],
                "bundles": [{"name": "Bundle-Ether1", "members": 2, "min_links": 2}],
                "ospf": ["10.255.0.2"],
                "bgp": ["10.0.9.9"],
                "bfd": ["10.0.9.9"],
                "gateways": [
                    {"protocol": "vrrp", "group": 10, "interface": "GigabitEthernet0/0/0/5.100",
                     "virtual_ip": "10.9.1.1", "role": "master"},
                    {"protocol": "hsrp", "group": 20, "interface": "GigabitEthernet0/0/0/6", "virtual_ip": "10.9.2.1",
                     "role": "backup"},
                ],
            },
            {
                "load_balancing": {
                    "ospf": {"process": 1, "maximum_paths": 8},
                    "bgp": {"as": 65000, "maximum_paths": 4},
                },
                "backup": {
                    "gateway_groups": [10, 20],
                    "uplink": {"next_hop": "10.0.9.9", "sla": 10, "track": "UPLINK"},
                    "floating": [{"next_hop": "10.0.9.13", "distance": 200}],
                },
                "priority": {"steer": {"sources": ["10.9.1.0/24"]}},
            },
            "192.0.2.92",
        ),
        _router(
            "edge-ios-1",
            "cisco_ios",
            {
                "uplinks": ["GigabitEthernet0/0"],
                "links": [{"port": "GigabitEthernet0/0", "device": "core-1", "to_port": "GigabitEthernet0/0/2"}],
                "bundles": [{"name": "Port-channel1", "members": 2, "min_links": 2}],
                "ospf": ["10.255.0.1"],
                "bfd": ["10.0.9.17"],
                "gateways": [
                    {"protocol": "vrrp", "group": 10, "interface": "GigabitEthernet0/1", "virtual_ip": "10.9.3.1",
                     "role": "master"},
                    {"protocol": "hsrp", "group": 20, "interface": "GigabitEthernet0/2", "virtual_ip": "10.9.4.1",
                     "role": "backup"},
                ],
            },
            {
                "load_balancing": {"ospf": {"process": 1, "maximum_paths": 8}},
                "backup": {
                    "gateway_groups": [10, 20],
                    "uplink": {"interface": "GigabitEthernet0/0", "next_hop": "10.0.9.17", "sla": 10, "track": 10},
                    "floating": [{"next_hop": "10.0.9.21", "distance": 200}],
                },
                "priority": {
                    "steer": {"interface": "GigabitEthernet0/1", "sources": ["10.9.3.0 0.0.0.255"],
                              "next_hop": "10.0.9.17", "track": 10},
                },
            },
            "192.0.2.93",
        ),
        _router(
            "edge-mt-1",
            "mikrotik_routeros",
            {
                "saved_config": True,
                "uplinks": ["sfp-sfpplus1"],
                "links": [{"port": "sfp-sfpplus1", "device": "core-2", "to_port": "TenGigabitEthernet0/1/4"}],
                "bundles": [{"name": "bond1", "members": 2, "min_links": 2}],
                "ospf": ["10.255.0.2"],
                "bfd": ["10.0.9.25"],
                "gateways": [
                    {"protocol": "vrrp", "group": 10, "interface": "vlan100", "virtual_ip": "10.9.5.1",
                     "role": "master"},
                ],
            },
            {
                "load_balancing": {
                    "default_routes": [{"next_hop": "10.0.9.33"}, {"next_hop": "10.0.9.37"}], "hash_policy": "l4",
                },
                "backup": {
                    "uplink": {"next_hop": "10.0.9.25"}, "floating": [{"next_hop": "10.0.9.29", "distance": 200}],
                },
                "priority": {"uplink_mbps": 950, "steer": {"sources": ["10.9.5.0/24"]}},
            },
            "192.0.2.94",
        ),
    )  # fmt: skip
