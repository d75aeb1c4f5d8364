"""Base stations, cells, and what controllers say of them."""

from __future__ import annotations

from eventready.lab.fault import On, fault
from eventready.lab.state import AlarmState, CellState, SiteState

_BTS = ("bts_controller",)


def _cell(on: On, name: str) -> CellState:
    chosen = next((cell for cell in on.state.cells if name in (cell.name, "")), None)
    if chosen is None:
        raise on.refuse(f"cell {name}", [cell.name for cell in on.state.cells])
    return chosen


def _site(on: On, name: str) -> SiteState:
    chosen = next((site for site in on.state.sites if name in (site.name, "")), None)
    if chosen is None:
        raise on.refuse(f"site {name}", [site.name for site in on.state.sites])
    return chosen


def _raise_alarm(on: On, severity: str, name: str, location: str) -> None:
    """Huawei's equipment keeps a list of alarms; OsmoBSC keeps none."""
    if on.machine.dialect.transport == "mml":
        number = 1 + max((alarm.number for alarm in on.state.alarms), default=20_000)
        on.state.alarms.append(AlarmState(number, severity, name, location))


@fault("cell-blocked", roles=_BTS)
def cell_blocked(on: On, cell: str = "") -> None:
    """Somebody blocked (locked) a cell: it carries no calls."""
    chosen = _cell(on, cell)
    chosen.blocked = True
    chosen.up = False


@fault("cell-down", roles=_BTS)
def cell_down(on: On, cell: str = "") -> None:
    """A cell is out of service, and an alarm says so where there are alarms."""
    chosen = _cell(on, cell)
    chosen.up = False
    _raise_alarm(on, "Major", "Cell Unavailable", f"Cell Name={chosen.name}")


@fault("cell-barred", roles=_BTS)
def cell_barred(on: On, cell: str = "") -> None:
    """A cell is barred: phones may not use it."""
    _cell(on, cell).barred = True


@fault("channels-full", roles=_BTS)
def channels_full(on: On, cell: str = "", refused_per_second: float = 12.0) -> None:
    """All channels of a cell are taken, and calls are refused."""
    chosen = _cell(on, cell)
    chosen.channels = {kind: (total, total) for kind, (_, total) in chosen.channels.items()}
    chosen.request_rate, chosen.refused_rate = 30.0, refused_per_second


@fault("bts-link-lost", roles=_BTS)
def bts_link_lost(on: On, site: str = "") -> None:
    """A base station has lost its link to the controller: its cells are down."""
    chosen = _site(on, site)
    chosen.link = "down"
    for cell in on.state.cells:
        if cell.site == chosen.name:
            cell.up = False
    _raise_alarm(on, "Critical", "OML Fault", f"Site Name={chosen.name}")


@fault("bts-degraded", roles=_BTS)
def bts_degraded(on: On, site: str = "") -> None:
    """A base station is managed and cannot carry calls (OML without RSL)."""
    chosen = _site(on, site)
    chosen.link = "degraded"
    for cell in on.state.cells:
        if cell.site == chosen.name:
            cell.up = False


@fault("core-link-down", roles=_BTS)
def core_link_down(on: On, link: str = "") -> None:
    """A link to the core (MSC, S1) is down."""
    name = link or next(iter(on.state.core_links), "")
    if name not in on.state.core_links:
        raise on.refuse(f"core link {link}", list(on.state.core_links))
    on.state.core_links[name] = False
    _raise_alarm(on, "Critical", "Core Link Fault", f"Link No.={name}")


@fault("alarm", roles=_BTS, transports=("mml",))
def alarm(on: On, name: str = "Battery Low", severity: str = "Major", location: str = "Cabinet No.=0") -> None:
    """An alarm is active on the controller."""
    _raise_alarm(on, severity, name, location)
