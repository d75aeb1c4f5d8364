"""Load in a window, with the figures of its demands, the facts of its device and the targets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from eventready.facts.records import Fact
from eventready.facts.rows import FactRows
from eventready.network.capacity.amount import Amount, given, most
from eventready.network.capacity.balance import Balance, Kind
from eventready.network.network_facts import DeviceFacts
from eventready.workspace.devices.capacity import Load, VenueDemand

F = TypeVar("F", bound=Fact)

_UNITS = {
    "bhca": "1/h", "holding_s": "s", "signalling_me": "mE", "data_mb": "MB/h", "client_mbps": "Mbit/s",
    "mbps": "Mbit/s", "arrival_s": "s", "queries": "1/s",
}  # fmt: skip
#: Balances with a supply by the facts of a device; of pools, those of an entry of capacity.yaml.
_REPORTED: frozenset[Kind] = frozenset({"tch", "sdcch", "clients", "airtime", "pool"})


@dataclass(frozen=True)
class CapacityTargets:
    """Most of each figure: losses in percent, shares of a rate, clients of a radio, reserve of addresses."""

    call_loss: float = 2
    signalling_loss: float = 0.5
    circuit_loss: float = 1
    load: float = 0.7
    warn: float = 30
    fail: float = 50
    airtime: float = 0.8
    left: float = 0.8
    reserve: float = 1.3


class DemandFigures:
    """Figures of a demand, each a single line of the calculation."""

    def __init__(self, demand: VenueDemand) -> None:
        self.demand = demand
        self._known: dict[str, Amount] = {}
        self._shared: dict[int, tuple[float, int]] = {}

    def __getitem__(self, name: str) -> Amount:
        """Figure by name. Raises KeyError where the demand has neither a value nor a default."""
        if name not in self._known:
            found = self.demand.figure(name)
            if found is None:
                raise KeyError(name)
            default = getattr(self.demand, name) is None
            self._known[name] = given(found.value, name, _UNITS.get(name, ""), found.source, default=default)
        return self._known[name]

    def __contains__(self, name: str) -> bool:
        """True for a figure with a value or a default."""
        return self.demand.figure(name) is not None

    @property
    def subscribers(self) -> Amount:
        """People with this network."""
        return self._line("subscribers_all", lambda: self["people"] * self["subscribers"])

    @property
    def clients(self) -> Amount:
        """Clients of the Wi-Fi at once."""
        return self._line("clients_all", lambda: self["people"] * self["take"] * self["concurrent"])

    @property
    def one_way(self) -> Amount:
        """Share of the data in the busier direction."""
        return self._line("one_way", lambda: most(self["upward"], given(1) - self["upward"]))

    def shared(self, peers: tuple[str, ...]) -> tuple[float, int]:
        """Users with a place among these peers, and the number of peers without users of their own."""
        if id(peers) not in self._shared:
            own = [self.demand.places[peer].value for peer in peers if peer in self.demand.places]
            self._shared[id(peers)] = (sum(own), len(peers) - len(own))
        return self._shared[id(peers)]

    def _line(self, name: str, compute: Callable[[], Amount]) -> Amount:
        if name not in self._known:
            self._known[name] = compute().named(name)
        return self._known[name]


@dataclass(frozen=True)
class LoadCase:
    """Load in a window. `demands`: of the window; several for links and services of many venues."""

    load: Load
    demands: tuple[DemandFigures, ...]
    facts: DeviceFacts
    targets: CapacityTargets
    index: dict[tuple[int, str], dict[str, list[Fact]]] = field(default_factory=dict, repr=False)

    def own_rows(self, fact: str, record: type[F]) -> list[F]:
        """Rows of a fact by the name of the load, which is their first key."""
        key = (id(self.facts), fact)
        if key not in self.index:
            by_name: dict[str, list[Fact]] = {}
            for row in self.facts.fact(fact, record).each_row():
                by_name.setdefault(str(getattr(row, record.key[0])).casefold(), []).append(row)
            self.index[key] = by_name
        found = self.index[key].get(self.load.name.casefold(), [])
        return [row for row in found if isinstance(row, record)]

    def lacks_records(self, rows: FactRows[F]) -> bool:
        """True for an unread record of a possible match with the load."""
        names = (one.name for one in self.facts.device.loads)
        return bool(rows.unread_records) and bool(rows.for_subject(self.load.name, names).unread_records)

    @property
    def figures(self) -> DemandFigures:
        """Figures of the only demand of a cell, an access point or a site."""
        return self.demands[0]

    def users(self, everybody: Amount, name: str, more: int = 0) -> Amount:
        """Users of a place: its own, or the rest of everybody in equal parts; `more` places share them too."""
        places = self.figures.demand.places
        own = places.get(self.load.name)
        if own is not None:
            placed = given(own.value, f"{name}_placed", source=own.source)
            return (placed / (1 + more) if more else placed * 1).named(name)
        elsewhere, others = self.figures.shared(self.load.peers)
        rest = most(everybody - given(elsewhere, f"{name}_elsewhere"), given(0)) if elsewhere else everybody
        return (rest / given(others + more, "places")).named(name)

    def balance(
        self, kind: Kind, unit: str, busy: Amount, crowd: Amount, limit: Amount, *, subject: str = "",
        crowd_limit: Amount | None = None, details: Mapping[str, Amount] | None = None, unknown: bool = False,
        unread: Sequence[str] = (), further: Amount | None = None,
        ways: Mapping[str, Callable[[int], Balance]] | None = None,
    ) -> Balance:  # fmt: skip
        """Balance of the load, without ways to add to an unknown supply."""
        venues = tuple(dict.fromkeys(one.demand.venue for one in self.demands))
        services = tuple(dict.fromkeys(one.demand.service for one in self.demands))
        if unknown and not self.facts.facts and kind in _REPORTED and (kind != "pool" or self.load.supply):
            unread = (self.facts.name,)
        return Balance(
            kind, subject or self.load.name, venues, self.figures.demand.window, unit, busy, crowd, limit,
            crowd_limit or limit, details or {}, unknown, tuple(unread), services, further,
            {} if unknown else ways or {},
        )  # fmt: skip
