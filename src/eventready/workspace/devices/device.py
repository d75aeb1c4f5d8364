"""Device of the inventory: a Nornir host with role, platform and venues."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, get_args

from eventready.workspace.devices.access import Access
from eventready.workspace.devices.answers import Question
from eventready.workspace.devices.capacity import Load
from eventready.workspace.devices.expect import Expect
from eventready.workspace.devices.intents import Intents


@dataclass(frozen=True)
class EventWindow:
    """Window of kind `event`. `names`: its names and kind, for demands of capacity.yaml; `venues`: empty for all."""

    start: datetime
    end: datetime
    names: frozenset[str] = frozenset()
    venues: tuple[str, ...] = ()

    def contains(self, moment: datetime) -> bool:
        """True from the start until before the end."""
        return self.start <= moment < self.end

    def touches(self, venues: Collection[str]) -> bool:
        """True for a window at any of the venues, or at all."""
        return not self.venues or not set(self.venues).isdisjoint(venues)


Role = Literal["router", "switch", "bts_controller", "wifi_controller", "service_host", "vantage"]
Service = Literal["fixed", "internet", "mobile", "wifi"]

ROLES: tuple[Role, ...] = get_args(Role)
SERVICES: tuple[Service, ...] = get_args(Service)

#: Services of a device's own users, by role. A switch and a service host have those that somebody names for them; a
#: vantage asks for those of others.
ROLE_SERVICES: dict[Role, tuple[Service, ...]] = {
    "router": SERVICES,
    "switch": (),
    "bts_controller": ("mobile",),
    "wifi_controller": ("wifi",),
    "service_host": (),
    "vantage": (),
}

#: Role of the devices that carry a service to its users. Routers alone give neither mobile nor Wi-Fi access.
ACCESS_ROLES: dict[Service, Role] = {
    "fixed": "router",
    "internet": "router",
    "mobile": "bts_controller",
    "wifi": "wifi_controller",
}


@dataclass(frozen=True)
class Device:
    """Device with expectations and intents.

    `endpoint`: address of the session; devices with the same endpoint share its session limit. `origin`: `file:line`
    of the host, for messages. `intents`: template values by intent. `pair`: name shared by devices that back each
    other up. `reach`: network of its management address, for workers of a cluster.
    `event_questions`: questions of event.yaml. `used_for`: services whose users reach a service host, by event.yaml and
    the other devices. `origin_addresses`: of a router, the addresses within the network from which its users have
    services: it is asked for its routes to them. `loads`: what capacity.yaml expects it to carry. `event_windows`: when
    the crowd is there.
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
    access: Access = field(default_factory=Access)
    element: str = ""
    origin: str = ""
    intents: Intents = field(default_factory=dict, hash=False)
    pair: str = ""
    reach: str = ""
    event_questions: tuple[Question, ...] = ()
    used_for: tuple[Service, ...] = ()
    origin_addresses: tuple[str, ...] = ()
    loads: tuple[Load, ...] = ()
    event_windows: tuple[EventWindow, ...] = ()

    @property
    def questions(self) -> tuple[Question, ...]:
        """Questions of the device: its own, for the services of its users elsewhere or else its, and of event.yaml."""
        services = self.used_for or self.services
        own = (Question(answer, services=services) for answer in self.expect.answers)
        return (*own, *self.event_questions)

    @property
    def carried(self) -> tuple[Service, ...]:
        """Services of its own users: as given, else by use, else by role."""
        return self.services or self.used_for or ROLE_SERVICES[self.role]

    @property
    def concerned(self) -> tuple[Service, ...]:
        """Services with users behind or beyond the device: those carried; for a switch without any, all."""
        return self.carried or (SERVICES if self.role == "switch" else ())

    def gives_access(self, service: Service) -> bool:
        """Return True for access of users to the service: by role, or a switch with lines of its own by `services`."""
        if self.role == "switch":
            return ACCESS_ROLES[service] == "router" and service in self.services
        return self.role == ACCESS_ROLES[service]

    def serves(self, venue: str, service: Service) -> bool:
        """True when users of the service at the venue are its own."""
        return venue in self.venues and service in self.carried
