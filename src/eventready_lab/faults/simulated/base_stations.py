"""Faults of base stations, cells and core links."""

from __future__ import annotations

from eventready_lab.device.state import AlarmState, CellState, SiteState
from eventready_lab.faults.simulated.target import FaultTarget, fault

_BTS = ("bts_controller",)


def _cell(target: FaultTarget, name: str) -> CellState:
    chosen = next((cell for cell in target.state.cells if name in (cell.name, "")), None)
    if chosen is None:
        raise target.unknown("cell", name, [cell.name for cell in target.state.cells])
    return chosen


def _site(target: FaultTarget, name: str) -> SiteState:
    chosen = next((site for site in target.state.sites if name in (site.name, "")), None)
    if chosen is None:
        raise target.unknown("site", name, [site.name for site in target.state.sites])
    return chosen


def _raise_alarm(target: FaultTarget, severity: str, name: str, location: str) -> None:
    """Raise an alarm on MML equipment; OsmoBSC has no alarm list."""
    if target.device.dialect.transport == "mml":
        number = 1 + max((alarm.number for alarm in target.state.alarms), default=20_000)
        target.state.alarms.append(AlarmState(number, severity, name, location))


@fault("cell-blocked", roles=_BTS)
def cell_blocked(target: FaultTarget, cell: str = "") -> None:
    """A cell is blocked (locked) and carries no calls."""
    chosen = _cell(target, cell)
    chosen.blocked = True
    chosen.up = False


@fault("cell-down", roles=_BTS)
def cell_down(target: FaultTarget, cell: str = "") -> None:
    """A cell is out of service, with an alarm on MML equipment."""
    chosen = _cell(target, cell)
    chosen.up = False
    _raise_alarm(target, "Major", "Cell Unavailable", f"Cell Name={chosen.name}")


@fault("cell-barred", roles=_BTS)
def cell_barred(target: FaultTarget, cell: str = "") -> None:
    """A cell is barred to phones."""
    _cell(target, cell).barred = True


@fault("cell-silent", roles=_BTS)
def cell_silent(target: FaultTarget, cell: str = "") -> None:
    """The cells are in order and no phone reaches them: all of them, or the given cell."""
    for chosen in [_cell(target, cell)] if cell else target.state.cells:
        chosen.channels = {kind: (0, total) for kind, (_, total) in chosen.channels.items()}
        chosen.request_rate = chosen.refused_rate = 0.0


@fault("channels-full", roles=_BTS)
def channels_full(target: FaultTarget, cell: str = "", refused_per_second: float = 12.0) -> None:
    """All channels of a cell are in use, and calls are refused."""
    chosen = _cell(target, cell)
    chosen.channels = {kind: (total, total) for kind, (_, total) in chosen.channels.items()}
    chosen.request_rate, chosen.refused_rate = 30.0, refused_per_second


@fault("files-late", roles=_BTS)
def files_late(target: FaultTarget) -> None:
    """The performance files with the cells are not written; they arrive when the fault is cleared."""
    target.state.late_files = True


@fault("counters-suspect", roles=_BTS)
def counters_suspect(target: FaultTarget, cell: str = "") -> None:
    """The counters of cells are marked as suspect in performance files: of all cells, or of the given cell."""
    for chosen in [_cell(target, cell)] if cell else target.state.cells:
        chosen.suspect = True


@fault("bts-link-lost", roles=_BTS)
def bts_link_lost(target: FaultTarget, site: str = "") -> None:
    """A base station has lost its link to the controller, and its cells are down."""
    chosen = _site(target, site)
    chosen.link = "down"
    for cell in target.state.cells:
        if cell.site == chosen.name:
            cell.up = False
    _raise_alarm(target, "Critical", "OML Fault", f"Site Name={chosen.name}")


@fault("bts-degraded", roles=_BTS)
def bts_degraded(target: FaultTarget, site: str = "") -> None:
    """A base station is managed but carries no calls (OML without RSL)."""
    chosen = _site(target, site)
    chosen.link = "degraded"
    for cell in target.state.cells:
        if cell.site == chosen.name:
            cell.up = False


@fault("core-link-down", roles=_BTS)
def core_link_down(target: FaultTarget, link: str = "") -> None:
    """A link to the core (MSC, S1) is down."""
    name = link or next(iter(target.state.core_links), "")
    if name not in target.state.core_links:
        raise target.unknown("core_link", link, list(target.state.core_links))
    target.state.core_links[name] = False
    _raise_alarm(target, "Critical", "Core Link Fault", f"Link No.={name}")


@fault("alarm", roles=_BTS, transports=("mml",))
def alarm(
    target: FaultTarget, name: str = "Battery Low", severity: str = "Major", location: str = "Cabinet No.=0"
) -> None:
    """An alarm is active on the controller."""
    _raise_alarm(target, severity, name, location)
