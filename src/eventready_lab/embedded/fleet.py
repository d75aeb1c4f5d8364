"""A generated fleet of routers for load tests and benchmarks: pairs with a common gateway, a link and two uplinks."""

from __future__ import annotations

from collections.abc import Sequence

from eventready.workspace.devices.device import Device
from eventready.workspace.devices.expect import Expect

PLATFORMS = ("cisco_xe", "huawei_vrp", "cisco_xe", "frr")

#: (uplink, link to the other router, port of the local networks, gateway protocol)
_PORTS = {
    "huawei_vrp": ("XGigabitEthernet0/0/1", "XGigabitEthernet0/0/2", "Vlanif100", "vrrp"),
    "frr": ("eth1", "eth2", "eth3", "vrrp"),
}
_IOS = ("TenGigabitEthernet0/0/0", "TenGigabitEthernet0/0/1", "GigabitEthernet0/1/1", "hsrp")


def router_fleet(count: int, venues: Sequence[str], platforms: Sequence[str] = PLATFORMS) -> tuple[Device, ...]:
    """`count` routers from fleet-0001 on; the pairs take the platforms in turn."""
    return tuple(_router(number, count, venues, platforms) for number in range(count))


def _router(number: int, count: int, venues: Sequence[str], platforms: Sequence[str]) -> Device:
    pair, half = divmod(number, 2)
    platform = platforms[pair % len(platforms)]
    uplink, link, local, protocol = _PORTS.get(platform, _IOS)
    other = f"fleet-{number + (2 if half == 0 else 0):04d}"
    has_other = number + 1 < count or half == 1
    upstream = f"10.{200 + (number >> 14)}.{number >> 6 & 255}.{(number & 63) * 4 + 1}"
    expect: dict[str, object] = {
        "uplinks": (uplink,),
        "default_routes": 1,
        "ospf": (upstream,),
        "bgp": (upstream,),
        "bfd": (upstream,),
    }
    if has_other:
        expect["links"] = ({"port": link, "device": other, "to_port": link},)
        expect["gateways"] = (
            {
                "protocol": protocol,
                "group": 10,
                "interface": local,
                "virtual_ip": f"10.{180 + (pair >> 14)}.{pair >> 6 & 255}.{(pair & 63) * 4 + 1}",
                "role": "backup" if half else "master",
            },
        )
    name = f"fleet-{number + 1:04d}"
    return Device(
        name=name,
        role="router",
        platform=platform,
        hostname="127.0.0.1",
        venues=tuple(venues),
        endpoint=name,
        expect=Expect.model_validate(expect),
    )
