"""Origins of event.yaml: where each service comes from."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Literal

from pydantic import Field

from eventready.core.messages import message
from eventready.core.validation_messages import Sentence, Suggestions
from eventready.workspace.devices.device import SERVICES, Service
from eventready.workspace.model import WorkspaceModel

#: Kinds of origins that lead out of the network.
OUTWARD = frozenset({"upstream", "core"})
OriginKind = Literal["upstream", "core", "portal", "dns"]
#: Services from an origin that names none: a portal or a DNS server has no part in calls.
_SERVICES: Mapping[OriginKind, tuple[Service, ...]] = {
    "upstream": SERVICES, "core": SERVICES, "portal": ("internet", "wifi"), "dns": ("internet", "wifi"),
}  # fmt: skip


class ServiceOrigin(WorkspaceModel):
    """Device where services enter the network: by an upstream provider, the core, a portal or a DNS server."""

    kind: OriginKind
    device: str = Field(min_length=1, description="Device of hosts.yaml")
    port: str | None = Field(default=None, min_length=1, description="Port towards the provider or the core")
    services: tuple[Service, ...] = Field(
        default=(), description="Services from there, default: all; of a portal or a DNS server: internet, wifi"
    )

    @property
    def outward(self) -> bool:
        """True where the services come into the network."""
        return self.kind in ("upstream", "core")

    @property
    def offered(self) -> tuple[Service, ...]:
        """Services from there, as given or by kind."""
        return self.services or _SERVICES[self.kind]


def unknown_origins(
    origins: Iterable[ServiceOrigin], devices: Collection[str]
) -> Iterator[tuple[int, Sentence, Sentence]]:
    """Index, cause and remedy of each origin at a device missing from hosts.yaml."""
    remedy = Suggestions(dict.fromkeys(devices))
    for index, origin in enumerate(origins):
        if origin.device not in devices:
            yield index, message("workspace:origin.device", device=origin.device), remedy.of(origin.device)
