"""The stations of an OsmoBSC: what its cells, their sites' links and its configuration together make of them.

What a configuration does to the load is reckoned when somebody looks, from the state and what runs, so that a change
taken back leaves nothing behind:

- A timeslot that is configured as another kind counts as that kind. Calls in progress stay; those for which there is no
  channel of the old kind take one of the new (a full-rate slot made into two half-rate ones holds twice the calls).
- `handover 1` with `handover algorithm 2` and `handover2 min-free-slots tch/f N` (in the network or the bts): a cell
  with fewer than N free full-rate channels hands calls over, one by one, to the cell that has most to spare.
- A cell that has a traffic channel free again refuses nobody.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from eventready.lab.configuration import Tree
from eventready.lab.state import CellState, DeviceState

#: Kinds of timeslot in the order in which OsmoBSC lists them.
KINDS = ("CCCH+SDCCH4", "TCH/F", "TCH/H", "SDCCH8")
#: How many channels a timeslot of a kind has.
_CHANNELS = {"CCCH+SDCCH4": 4, "TCH/F": 1, "TCH/H": 2, "SDCCH8": 8}
_TRAFFIC = ("TCH/F", "TCH/H")


@dataclass
class Station:
    """A cell with what its site's link makes of it. `managed`: OML stands; `signalling`: RSL stands.

    `load` is (used, total) by kind of timeslot; `refuses` is False where a change gave the cell room again.
    """

    number: int
    cell: CellState
    managed: bool
    signalling: bool
    section: Tree = field(default_factory=dict)
    load: dict[str, tuple[int, int]] = field(default_factory=dict)
    refuses: bool = True

    @property
    def link(self) -> str:
        """OsmoBSC's word for the link."""
        if not self.managed:
            return "disconnected"
        return "connected" if self.signalling and not self.cell.blocked else "degraded"

    @property
    def nm_state(self) -> str:
        """The station's state of network management."""
        if not self.managed:
            return "Oper 'NULL', Admin 'Locked', Avail 'Power off'"
        if not self.cell.up:
            return "Oper 'Disabled', Admin 'Unlocked', Avail 'Off line'"
        return "Oper 'Enabled', Admin 'Unlocked', Avail 'OK'"

    @property
    def serving(self) -> bool:
        """True when people can get a channel."""
        return self.signalling and self.cell.up and not self.cell.blocked

    @property
    def timeslots(self) -> list[str]:
        """What each timeslot is by the state, eight to a transceiver; the first carries the beacon."""
        counts = {kind: self.cell.channels.get(kind, (0, 0))[1] for kind in KINDS}
        slots = ["CCCH+SDCCH4" if counts["CCCH+SDCCH4"] else "CCCH"]
        slots += ["SDCCH8"] * -(-counts["SDCCH8"] // 8)
        slots += ["TCH/F"] * counts["TCH/F"] + ["TCH/H"] * -(-counts["TCH/H"] // 2)
        return slots + ["NONE"] * (-len(slots) % 8)

    @property
    def transceivers(self) -> int:
        """How many transceivers the timeslots need."""
        return len(self.timeslots) // 8

    def channels(self) -> list[tuple[str, int, int]]:
        """(kind, used, total) of the kinds there are; none where the cell's transceivers are off."""
        if not self.managed or (self.signalling and self.cell.blocked):
            return []
        figures = ((kind, *self.load.get(kind, (0, 0))) for kind in KINDS)
        return [(kind, used if self.serving else 0, total) for kind, used, total in figures if total]

    def value(self, start: str, default: str) -> str:
        """What follows `start` in the station's configuration."""
        return next((line[len(start) + 1 :] for line in self.section if line.startswith(f"{start} ")), default)


def stations(state: DeviceState, running: Tree | None = None) -> list[Station]:
    """The state's cells as OsmoBSC numbers them; a site without a cell is a bts like any other.

    `running` is the configuration, where anybody has asked for it yet.
    """
    links = {site.name: site.link for site in state.sites}
    alone = [site for site in state.sites if all(site.name not in (cell.site, cell.name) for cell in state.cells)]
    cells = [*state.cells, *(CellState(site.number, site.name, site.name) for site in alone)]
    linked = [links.get(cell.site, links.get(cell.name, "up")) for cell in cells]
    network = (running or {}).get("network", {})
    found = [
        Station(number, cell, link != "down", link == "up", network.get(f"bts {number}", {}), dict(cell.channels))
        for number, (cell, link) in enumerate(zip(cells, linked, strict=True))
    ]
    for station in found:
        _configure(station)
    _hand_over(found, network)
    return found


def _configure(station: Station) -> None:
    """Let the timeslots be what they are configured as."""
    slots = [
        line.partition(" ")[2]
        for trx, beneath in station.section.items()
        if trx.startswith("trx ")
        for slot, deeper in beneath.items()
        if slot.startswith("timeslot ")
        for line in deeper
        if line.startswith("phys_chan_config ")
    ]
    before = Counter(station.timeslots)
    now = Counter(slots)
    if not slots or all(before[kind] == now[kind] for kind in KINDS):
        return
    totals = {kind: _CHANNELS[kind] * now[kind] for kind in KINDS}
    calls = sum(station.load.get(kind, (0, 0))[0] for kind in _TRAFFIC)
    for kind in KINDS:
        wanted = calls if kind in _TRAFFIC else station.load.get(kind, (0, 0))[0]
        used = min(wanted, totals[kind])
        station.load[kind] = (used, totals[kind])
        calls -= used if kind in _TRAFFIC else 0
    station.refuses = not any(_free(station, kind) for kind in _TRAFFIC)


def _free(station: Station, kind: str) -> int:
    used, total = station.load.get(kind, (0, 0))
    return total - used


def _hand_over(found: list[Station], network: Tree) -> None:
    """Even out the full-rate channels between the cells that are told to."""
    serving = [station for station in found if station.serving and station.load.get("TCH/F", (0, 0))[1]]
    least = {station.number: _least_free(station, network) for station in serving}
    for crowded in serving:
        while _free(crowded, "TCH/F") < least[crowded.number]:
            roomy = max(serving, key=lambda station: _free(station, "TCH/F") - least[station.number])
            if not crowded.load["TCH/F"][0] or _free(roomy, "TCH/F") - 1 < max(
                least[roomy.number], _free(crowded, "TCH/F") + 1
            ):
                break
            for station, more in ((crowded, -1), (roomy, 1)):
                used, total = station.load["TCH/F"]
                station.load["TCH/F"] = (used + more, total)
            crowded.refuses = False


def _least_free(station: Station, network: Tree) -> int:
    """How many full-rate channels a cell keeps free by handing calls over."""

    sections = (station.section, network)

    def says(line: str, instead: str) -> bool:
        return next((line in section for section in sections if line in section or instead in section), False)

    if not says("handover 1", "handover 0") or not says("handover algorithm 2", "handover algorithm 1"):
        return 0
    start = "handover2 min-free-slots tch/f "
    figures = (line.removeprefix(start) for section in sections for line in section if line.startswith(start))
    return int(next(figures, "0"))
