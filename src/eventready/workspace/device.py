"""A device as the engineer describes it: a Nornir host with a role, a platform, and the venues it serves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from eventready.workspace.expect import Expect

Role = Literal["router", "bts_controller", "wifi_controller", "service_host"]
Service = Literal["fixed", "internet", "mobile", "wifi"]

ROLES: tuple[Role, ...] = get_args(Role)
SERVICES: tuple[Service, ...] = get_args(Service)

#: What a device of each role carries, unless the inventory narrows it.
ROLE_SERVICES: dict[Role, tuple[Service, ...]] = {
    "router": SERVICES,
    "bts_controller": ("mobile",),
    "wifi_controller": ("wifi",),
    "service_host": SERVICES,
}


@dataclass(frozen=True)
class Device:
    """`endpoint` is the address that answers: devices that share one share its session limit.

    `username` and `secret` are references (`env:NAME`, `keyring:service/name`, `vault:name`), never values; they are
    resolved when a session opens. `origin` is `file:line` of the host, for messages. `intents` are what is to be
    configured, with the values for its templates; devices of one `pair` stand in for each other.
    """

    name: str
    role: Role
    platform: str
    hostname: str
    port: int | None = None
    venues: tuple[str, ...] = ()
    services: tuple[Service, ...] = ()
    endpoint: str = ""
    expect: Expect = field(default_factory=Expect)
    allow_cleartext: bool = False
    element: str = ""
    origin: str = ""
    intents: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, hash=False)
    pair: str = ""

    def serves(self, venue: str, service: Service) -> bool:
        """True when the venue's service runs over this device."""
        return venue in self.venues and service in (self.services or ROLE_SERVICES[self.role])
