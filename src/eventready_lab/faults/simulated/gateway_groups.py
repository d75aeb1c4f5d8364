"""The members of a VRRP or HSRP group across devices."""

from __future__ import annotations

from collections.abc import Iterator

from eventready_lab.device.state import Gateway
from eventready_lab.faults.simulated.target import FaultTarget


def other_members(target: FaultTarget, group: Gateway) -> Iterator[Gateway]:
    """The memberships of other devices in the same group, to be changed."""
    key = (group.protocol, group.group, group.virtual_ip)
    for name in [name for name in target.devices if name != target.state.name]:
        for number, member in enumerate(target.peek(name).gateways):
            if (member.protocol, member.group, member.virtual_ip) == key:
                other = target.other(name)
                if other:
                    yield other.gateways[number]
