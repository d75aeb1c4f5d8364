"""The base stations of an OsmoBSC: the combined effect of cells, site links and configuration.

The effect of the configuration on the load is computed for every answer, from the state and the running configuration,
so that it disappears with a rollback:

- A timeslot counts as the kind that was configured when the station connected. Calls in progress stay; calls without a
  channel of the old kind take one of the new kind (a full-rate slot made into two half-rate ones carries twice the
  calls).
- `handover 1` with `handover algorithm 2` and `handover2 min-free-slots tch/f N` (in the network or the bts): a cell
  with fewer than N free full-rate channels hands calls over, one by one, to the cell with most free channels.
- A cell with a free traffic channel refuses no requests.
"""

from __future__ import annotations

import copy
from collections import Counter
from dataclasses import dataclass, field

from eventready_lab.device.configuration.tree import Tree
from eventready_lab.device.state import CellState, DeviceState

#: Kinds of timeslot in OsmoBSC's order.
KINDS = ("CCCH+SDCCH4", "TCH/F", "TCH/H", "SDCCH8")
#: Channels of a timeslot by its kind.
_CHANNELS = {"CCCH+SDCCH4": 4, "TCH/F": 1, "TCH/H": 2, "SDCCH8": 8}
_TRAFFIC = ("TCH/F", "TCH/H")


@dataclass
class Bts:
    """A cell with the state of its site's link.

    managed, signalling: OML, RSL is up.
    section: the running configuration; read: that of the time when the station connected.
    load: (used, total) by kind of timeslot.
    refuses: False after a configuration change that freed channels.
    """

    number: int
    cell: CellState
    managed: bool
    signalling: bool
    section: Tree = field(default_factory=dict)
    load: dict[str, tuple[int, int]] = field(default_factory=dict)
    refuses: bool = True
    read: Tree = field(default_factory=dict)

    @property
    def link(self) -> str:
        """The state of the link in OsmoBSC's terms."""
        if not self.managed:
            return "disconnected"
        return "connected" if self.signalling and not self.cell.blocked and not self.refused else "degraded"

    @property
    def refused(self) -> bool:
        """True when the station refuses its cell: a packet channel, and no GPRS."""
        return "PDCH" in configured_kinds(self) and "gprs mode none" in self.read

    @property
    def nm_state(self) -> str:
        """The network management state."""
        if not self.managed:
            return "Oper 'NULL', Admin 'Locked', Avail 'Power off'"
        if not self.cell.up or self.refused:
            return "Oper 'Disabled', Admin 'Unlocked', Avail 'Off line'"
        return "Oper 'Enabled', Admin 'Unlocked', Avail 'OK'"

    @property
    def serving(self) -> bool:
        """True when the cell grants channels."""
        return self.signalling and self.cell.up and not self.cell.blocked and not self.refused

    @property
    def timeslots(self) -> list[str]:
        """The kind of each timeslot by the state, eight per transceiver; the first carries the beacon."""
        counts = {kind: self.cell.channels.get(kind, (0, 0))[1] for kind in KINDS}
        slots = ["CCCH+SDCCH4" if counts["CCCH+SDCCH4"] else "CCCH"]
        slots += ["SDCCH8"] * -(-counts["SDCCH8"] // 8)
        slots += ["TCH/F"] * counts["TCH/F"] + ["TCH/H"] * -(-counts["TCH/H"] // 2)
        return slots + ["NONE"] * (-len(slots) % 8)

    @property
    def configured(self) -> list[str]:
        """The kind of each timeslot as read by the station; by the state before the first use; none while unmanaged."""
        if not self.managed:
            return ["NONE"] * len(self.timeslots)
        return configured_kinds(self) or self.timeslots

    @property
    def transceivers(self) -> int:
        """The number of transceivers for the timeslots."""
        return len(self.timeslots) // 8

    def channels(self) -> list[tuple[str, int, int]]:
        """(kind, used, total) of every kind present; empty while the transceivers are off."""
        if not self.managed or (self.signalling and self.cell.blocked):
            return []
        figures = ((kind, *self.load.get(kind, (0, 0))) for kind in KINDS)
        return [(kind, used if self.serving else 0, total) for kind, used, total in figures if total]

    def value(self, start: str, default: str) -> str:
        """The value of a configuration line of the station."""
        return next((line[len(start) + 1 :] for line in self.section if line.startswith(f"{start} ")), default)


def bts_list(state: DeviceState, running: Tree | None = None, connected: Tree | None = None) -> list[Bts]:
    """The cells in OsmoBSC's numbering, with the timeslots read by their stations, and with handover.

    `running` is the running configuration, None before its first use; `connected` that of the time of the connections.
    A station that is away reads its configuration at its return.
    """
    found = bts_sections(state, running)
    for station in found:
        if connected is not None and not station.managed:
            connect(station, connected)
        read = (connected or running or {}).get("network", {})
        station.read = read.get(f"bts {station.number}", station.section)
    for station in found:
        _configure(station)
    _hand_over(found, (running or {}).get("network", {}))
    return found


def connect(station: Bts, connected: Tree) -> None:
    """Let a station read its section of the running configuration."""
    connected.setdefault("network", {})[f"bts {station.number}"] = copy.deepcopy(station.section)


def bts_sections(state: DeviceState, running: Tree | None = None) -> list[Bts]:
    """The cells with their sections, and the channels of the state; a site without a cell is a bts too."""
    links = {site.name: site.link for site in state.sites}
    alone = [site for site in state.sites if all(site.name not in (cell.site, cell.name) for cell in state.cells)]
    cells = [*state.cells, *(CellState(site.number, site.name, site.name) for site in alone)]
    linked = [links.get(cell.site, links.get(cell.name, "up")) for cell in cells]
    network = (running or {}).get("network", {})
    return [
        Bts(number, cell, link != "down", link == "up", network.get(f"bts {number}", {}), dict(cell.channels))
        for number, (cell, link) in enumerate(zip(cells, linked, strict=True))
    ]


def configured_kinds(station: Bts) -> list[str]:
    """The kind of each timeslot as read by the station; empty before the first use of the configuration."""
    return [
        line.partition(" ")[2]
        for trx, beneath in station.read.items()
        if trx.startswith("trx ")
        for slot, deeper in beneath.items()
        if slot.startswith("timeslot ")
        for line in deeper
        if line.startswith("phys_chan_config ")
    ]


def _configure(station: Bts) -> None:
    """Apply the kinds of the timeslots."""
    slots = configured_kinds(station)
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


def _free(station: Bts, kind: str) -> int:
    used, total = station.load.get(kind, (0, 0))
    return total - used


def _hand_over(found: list[Bts], network: Tree) -> None:
    """Hand calls over between cells with configured handover."""
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


def _least_free(station: Bts, network: Tree) -> int:
    """Return the number of full-rate channels kept free by handover in a cell."""

    sections = (station.section, network)

    def enabled(line: str, instead: str) -> bool:
        return next((line in section for section in sections if line in section or instead in section), False)

    if not enabled("handover 1", "handover 0") or not enabled("handover algorithm 2", "handover algorithm 1"):
        return 0
    start = "handover2 min-free-slots tch/f "
    figures = (line.removeprefix(start) for section in sections for line in section if line.startswith(start))
    return int(next(figures, "0"))
