"""watch.yaml: intervals at which each fact is read on the night, and devices with a held session."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from eventready.workspace.files.yaml_document import load_yaml
from eventready.workspace.model import WorkspaceModel

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
         "answer_dhcp"), 60.0  # its question listens for six seconds
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
