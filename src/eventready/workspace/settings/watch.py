"""Settings of the night: watch.yaml (interval of each fact, held sessions), serve.yaml (names of the pages, login)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, IPvAnyAddress

from eventready.workspace.files.yaml_document import load_yaml
from eventready.workspace.model import WorkspaceModel
from eventready.workspace.settings.alerts import Reference

#: Bounds of an interval, in seconds.
SHORTEST_S, LONGEST_S = 5, 300
_Seconds = Annotated[float, Field(ge=SHORTEST_S, le=LONGEST_S)]

#: Seconds by fact; other facts change rarely.
_DEFAULTS = {
    **dict.fromkeys(
        ("interface", "ospf_neighbour", "isis_neighbour", "bgp_neighbour", "bfd_session", "vrrp_group", "hsrp_group",
         "link_bundle", "default_route", "default_route_v6", "core_link", "site", "cell", "access_point"), 15.0
    ),
    **dict.fromkeys(("answer_tcp", "answer_dns", "answer_http", "answer_ping", "answer_ntp", "answer_smtp"), 5.0),
    **dict.fromkeys(
        ("cpu", "memory", "channel_load", "channel_requests", "radio_load", "radio_load_24", "alarm", "service",
         "listener", "backend", "dns_answer", "dhcp_pool", "radius_server", "controller_pair", "origin_route",
         "cell_performance", "answer_dhcp"), 60.0  # its question listens for six seconds
    ),
}  # fmt: skip
OTHERS_S = 300.0


class WatchFile(WorkspaceModel):
    """watch.yaml"""

    intervals: dict[str, _Seconds] = Field(default={}, description="Seconds between two readings, by fact")
    hold: tuple[str, ...] = Field(
        default=(), description="Devices (names or globs) whose session stays open: it takes one of their lines"
    )

    def interval_of(self, fact: str) -> float:
        """Seconds between two readings of a fact, outside of protected time."""
        return self.intervals.get(fact) or _DEFAULTS.get(fact, OTHERS_S)


def load_watch(path: Path) -> WatchFile:
    """Read watch.yaml; an absent file means the defaults. Raises WorkspaceError."""
    return load_yaml(path).validate(WatchFile) if path.exists() else WatchFile()


#: Name of a host, without scheme and port.
HOST = r"^[^\W_](?:[\w.-]*[^\W_])?$"


class IdentityProvider(WorkspaceModel):
    """Identity provider, and the values of a claim by role."""

    issuer: str = Field(pattern=r"^https?://\S+$", description="URL of the issuer, as in its metadata")
    client: str = Field(min_length=1, description="Identifier of this client")
    secret: Reference = Field(description="Reference to the secret of this client")
    claim: str = Field(default="groups", description="Claim that decides the role: a text, or a list of texts")
    operators: tuple[str, ...] = Field(default=(), description="Values of the claim of operators")
    viewers: tuple[str, ...] = Field(default=(), description="Values of the claim of viewers")


class ServeFile(WorkspaceModel):
    """serve.yaml"""

    names: tuple[Annotated[str, Field(pattern=HOST)], ...] = Field(
        default=(), description="Names of the server in addresses of browsers, without a port"
    )
    proxies: tuple[IPvAnyAddress, ...] = Field(
        default=(), description="Addresses of servers before the pages whose X-Forwarded-For and -Proto are believed"
    )
    oidc: IdentityProvider | None = Field(default=None, description="Login by an identity provider")


def load_serve(folder: Path) -> ServeFile:
    """Read serve.yaml of a workspace; an absent file means the defaults. Raises WorkspaceError."""
    path = folder / "inventory" / "serve.yaml"
    return load_yaml(path).validate(ServeFile) if path.exists() else ServeFile()
