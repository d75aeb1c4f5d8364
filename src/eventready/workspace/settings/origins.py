"""Origins of event.yaml: where each service comes from."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Literal

from pydantic import Field

from eventready.core.messages import message
from eventready.workspace.devices.device import Service
from eventready.workspace.files.validation_messages import Sentence, Suggestions
from eventready.workspace.model import WorkspaceModel

#: Kinds of origins that lead out of the network.
OUTWARD = frozenset({"upstream", "core"})


class ServiceOrigin(WorkspaceModel):
    """Device where services enter the network: by an upstream provider, the core, a portal or a DNS server."""

    kind: Literal["upstream", "core", "portal", "dns"]
    device: str = Field(min_length=1, description="Device of hosts.yaml")
    port: str | None = Field(default=None, min_length=1, description="Port towards the provider or the core")
    services: tuple[Service, ...] = Field(default=(), description="Services from there, default: all")


def unknown_origins(
    origins: Iterable[ServiceOrigin], devices: Collection[str]
) -> Iterator[tuple[int, Sentence, Sentence]]:
    """Index, cause and remedy of each origin at a device missing from hosts.yaml."""
    remedy = Suggestions(dict.fromkeys(devices))
    for index, origin in enumerate(origins):
        if origin.device not in devices:
            yield index, message("workspace:origin.device", device=origin.device), remedy.of(origin.device)
