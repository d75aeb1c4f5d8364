"""Graph of the network, with names for everything able to fail."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import ip_interface
from typing import Literal

from eventready.core.strings.texts import is_address
from eventready.facts.ports import parent_port, port_key
from eventready.facts.records import LinkBundle
from eventready.network.graph.cables import TRANSIT, Cable, KnownCables, least_members
from eventready.network.graph.graph import Cut, Graph, Reach, together
from eventready.network.learn.directory import Directory
from eventready.network.network_facts import DeviceFacts, NetworkFacts
from eventready.network.setting import NetworkSetting
from eventready.workspace.settings.event import OUTWARD
from eventready.workspace.settings.risk import RiskGroup, ends

ElementKind = Literal["device", "link", "group", "part"]
#: Longest and shortest prefix of a network with the address of a host.
_PREFIXES = {4: range(32, 7, -1), 6: range(128, 31, -1)}


@dataclass(frozen=True)
class NetworkElement:
    """Unit of failure: a device, a link, a risk group, or a part of a device (a site, a core link, a RADIUS server).

    `devices`: its devices, the first one for a finding.
    """

    kind: ElementKind
    name: str
    failure: Cut
    devices: tuple[str, ...]


@dataclass
class Topology:
    """Graph with its names. `dead`: cannot carry traffic now; `unmeasured`: may or may not; `waived`: by a waiver."""

    readings: NetworkFacts
    setting: NetworkSetting
    graph: Graph = field(default_factory=Graph)
    nodes: dict[str, int] = field(default_factory=dict)
    parts: dict[tuple[str, str], int] = field(default_factory=dict)
    owner: dict[int, int] = field(default_factory=dict)
    elements: dict[str, NetworkElement] = field(default_factory=dict)
    cables: tuple[Cable, ...] = ()
    afloat: tuple[str, ...] = ()
    unplaced: tuple[str, ...] = ()
    strangers: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        self._dead: set[int] = set()
        self._unmeasured: set[int] = set()
        self._waived: set[int] = set()
        self._at: dict[tuple[str, str], set[int]] = defaultdict(set)
        self._nodes_at: dict[tuple[str, str], set[int]] = defaultdict(set)
        self._bundles: list[tuple[tuple[frozenset[int], ...], int]] = []
        self._bundle_of: dict[int, list[int]] = defaultdict(list)
        self._cabled: dict[int, frozenset[int]] = {}
        self._beside: tuple[int, Mapping[int, list[int]], Mapping[int, list[int]]] | None = None
        self.known, self.directory = KnownCables(self.readings), Directory(self.readings)
        self.cables = self.known.all
        for reading in self.readings.all:
            node = self.graph.node(transit=reading.device.role in TRANSIT)
            self.nodes[reading.name] = node
            self._element("device", reading.name, Cut(frozenset({node})), reading.name)
        for cable in self.cables:
            self._lay(cable)
        self._join_bundles()
        self._attach_hosts()

    # --- building ------------------------------------------------------------------------------------------------

    def _element(self, kind: ElementKind, name: str, failure: Cut, *devices: str) -> None:
        self.elements[name] = NetworkElement(kind, name, failure, devices)

    def _lay(self, cable: Cable) -> None:
        one, other = self.nodes[cable.one[0]], self.nodes[cable.other[0]]
        arcs = self.graph.arc(one, other), self.graph.arc(other, one)
        ends = (cable.one, cable.other)
        waived = any(port_key(port) in self.setting.waived.get(device, ()) for device, port in ends)
        for arc, carries in zip(arcs, (cable.there, cable.back), strict=True):
            if carries is None:
                self._unmeasured.add(arc)
            elif not carries or (cable.unrouted and not waived):
                self._dead.add(arc)
        for device, port in ends:
            self._at[device, port_key(port)].update(arcs)
        self._waived.update(arcs if waived else ())
        self._element("link", cable.name, Cut(arcs=frozenset(arcs)), *cable.devices)

    def _join_bundles(self) -> None:
        """Bundles by their arcs per member, with the number of members needed."""
        for name, states in self.known.ports.items():
            for row in states.reading.fact("link_bundle", LinkBundle).each_row():
                members = tuple(
                    arcs for one in row.members if (arcs := frozenset(self._at.get((name, port_key(one)), ())))
                )
                if (least := least_members(states, row)) > 1 and members:
                    for arc in frozenset().union(*members):
                        self._bundle_of[arc].append(len(self._bundles))
                    self._bundles.append((members, least))

    def _attach_hosts(self) -> None:
        """Connect ends without a cable to the routers of their network; of the others, afloat, the way is not known.

        Behind a silent router, by its addresses in the inventory, they are `unplaced`: without a way that is proven.
        """
        routers: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for reading in self.readings.all:
            if reading.device.role in TRANSIT:
                for port, address, _vrf in reading.addresses():
                    if (network := ip_interface(address).network).num_addresses > 2:
                        routers[str(network)].append((reading.name, port))
        cabled = {device for device, _port in self._at}
        afloat: list[str] = []
        unplaced: list[str] = []
        for reading in self.readings.all:
            if reading.device.role in TRANSIT or reading.device.role == "vantage" or reading.name in cabled:
                continue
            own = (
                *(address.partition("/")[0] for _port, address, _vrf in reading.addresses()),
                reading.device.hostname,
            )
            near = next(filter(None, (_network_of(address, routers) for address in own)), ())
            for router, port in near:
                self._join(self.nodes[reading.name], self.part(router, port, transit=True))
            if not near:
                own_links = reading.device.role == "bts_controller"  # it reports its links to the core itself
                behind = not own_links and self._behind_silent(reading)
                (unplaced if behind else afloat).append(reading.name)
        self.afloat, self.unplaced = tuple(afloat), tuple(unplaced)

    def _behind_silent(self, reading: DeviceFacts) -> bool:
        """True for a host in a network of which all routers are silent, by their addresses in the inventory.

        Where the inventory has no router in the network, any silent one may be the router.
        """
        networks = [ip_interface(address).network for _port, address, _vrf in reading.addresses()]
        beside = [
            one for one in self.readings.all
            if one.device.role in TRANSIT and not one.left_out and any(
                is_address(address) and ip_interface(address).ip in network
                for address in _declared(one) for network in networks
            )
        ]  # fmt: skip
        routers = beside or [one for one in self.readings.all if one.device.role in TRANSIT and not one.left_out]
        known = bool(networks) or (is_address(reading.device.hostname) and not _loopback(reading.device.hostname))
        return known and (all if beside else any)(one.silent for one in routers)

    def _join(self, one: int, other: int) -> tuple[int, int]:
        return self.graph.arc(one, other), self.graph.arc(other, one)

    def part(self, device: str, name: str, *, transit: bool = False, element: bool = False, owned: bool = True) -> int:
        """Node of a port, site, cell or core link of a device, connected with the device.

        `element`: among the single failures. `owned`: it falls with the device.
        """
        key = device, port_key(name)
        if key not in self.parts:
            self.parts[key] = node = self.graph.node(transit=transit)
            if owned:
                self.owner[node] = self.nodes[device]
            arcs = self._join(self.nodes[device], node)
            if owned and (cables := frozenset(self._at.get((device, parent_port(key[1])), ()))):
                self._cabled[node] = cables
            self._at[device, parent_port(key[1])].update(arcs)
            self._nodes_at[device, parent_port(key[1])].add(node)
            if self.known.ports[device].receives(name) is False:
                self._dead.update(arcs)
        if element:
            self._element("part", f"{device} {name}", Cut(frozenset({self.parts[key]})), device)
        return self.parts[key]

    def server(self, device: str, host: str) -> int:
        """Node of a server outside the inventory; shared by its clients."""
        if host not in self.nodes:
            self.nodes[host] = self.graph.node()
        asking = self.elements[host].devices if host in self.elements else ()
        self._element("part", host, Cut(frozenset({self.nodes[host]})), *dict.fromkeys((*asking, device)))
        self.parts[device, port_key(host)] = self.nodes[host]
        return self.nodes[host]

    def add_groups(self, groups: Iterable[RiskGroup]) -> None:
        """Add the risk groups, and keep their members of which nothing is known (`strangers`)."""
        strangers = []
        for group in groups:
            failures = {member: self.member(member) for member in group.members}
            strangers += [(group.name, member) for member, failure in failures.items() if failure is None]
            known = together(failure for failure in failures.values() if failure)
            devices = dict.fromkeys(d for member in group.members for d, _port in ends(member) if d in self.nodes)
            self._element("group", group.name, known, *devices)
        self.strangers = tuple(strangers)

    # --- reading -------------------------------------------------------------------------------------------------

    def member(self, text: str) -> Cut | None:
        """Cut of `device`, `device:port` or `device:port - device:port`; None for an unknown name."""
        found = [self._end(device, port) for device, port in ends(text)]
        if None in found:
            return None
        known = [one for one in found if one is not None]
        return (
            known[0]
            if len(known) == 1
            else Cut(arcs=known[0].arcs & known[1].arcs)
            if known[0].arcs & known[1].arcs
            else None
        )

    def _end(self, device: str, port: str) -> Cut | None:
        if device not in self.nodes:
            return None
        if not port:
            return Cut(frozenset({self.nodes[device]}))
        key = device, port_key(port)
        nodes = {*self._nodes_at.get(key, ()), *((self.parts[key],) if key in self.parts else ())}
        arcs = frozenset(self._at.get(key, ()))
        return Cut(frozenset(nodes), arcs) if nodes or arcs else None

    def arcs_at(self, device: str, port: str, tail: int | None = None) -> frozenset[int]:
        """Arcs at a port of a device, or at the members of a bundle; those out of a node alone, if given."""
        members = self.known.ports[device].members_of(port) if device in self.known.ports else ()
        if members:
            return frozenset().union(
                *(self.arcs_at(device, one, tail) for one in members if port_key(one) != port_key(port))
            )
        own, parent = (device, port_key(port)), (device, parent_port(port_key(port)))
        arcs = self._at[own] if own in self._at else self._at.get(parent, set())
        return frozenset(arc for arc in arcs if tail is None or self.graph.tails[arc] == tail)

    def ports_of(self, device: str) -> list[str]:
        """Ports of the cables of a device, by canonical name."""
        return [port for name, port in self._at if name == device]

    def whole(self, failure: Cut, *, as_promised: bool = False) -> Cut:
        """Cut with the bundles below their least number of members, and with the ports of failed cables or far ends.

        `as_promised`: as if nothing were dead now.
        """
        touched = {number for arc in failure.arcs for number in self._bundle_of.get(arc, ())}
        arcs, gone = set(failure.arcs), failure.arcs if as_promised else failure.arcs | self._dead
        for number in touched:
            members, least = self._bundles[number]
            if sum(not member <= gone for member in members) < least:
                arcs.update(*members)
        return Cut(failure.nodes | frozenset(self._cut_off(failure.nodes, arcs)), frozenset(arcs))

    def _cut_off(self, nodes: frozenset[int], arcs: Collection[int]) -> Iterator[int]:
        """Nodes of ports with cables of which none is left."""
        heads, tails = self.graph.heads, self.graph.tails
        by_arc, by_node = self._ports_beside
        near = {port for arc in arcs for port in by_arc.get(arc, ())}
        near.update(port for node in nodes for port in by_node.get(node, ()))
        for port in near:
            if all(arc in arcs or heads[arc] in nodes or tails[arc] in nodes for arc in self._cabled[port]):
                yield port

    @property
    def _ports_beside(self) -> tuple[Mapping[int, list[int]], Mapping[int, list[int]]]:
        """Nodes of ports with cables, by arc and by the device at an end."""
        if self._beside is None or self._beside[0] != len(self._cabled):
            by_arc: dict[int, list[int]] = defaultdict(list)
            by_node: dict[int, list[int]] = defaultdict(list)
            for port, cables in self._cabled.items():
                for arc in cables:
                    by_arc[arc].append(port)
                    by_node[self.graph.heads[arc]].append(port)
            self._beside = len(self._cabled), by_arc, by_node
        return self._beside[1:]

    def arcs(self, failure: Cut) -> frozenset[int]:
        """Arcs of a failure, those of its nodes included."""
        both = enumerate(zip(self.graph.tails, self.graph.heads, strict=True))
        return failure.arcs | {arc for arc, pair in both if failure.nodes.intersection(pair)}

    @cached_property
    def outward(self) -> frozenset[int]:
        """Nodes of the ways out of the network: ports towards a provider or the core, or their devices."""
        return frozenset(
            self.parts.get((one.device, port_key(one.port or "")), self.nodes[one.device])
            for one in self.setting.origins if one.device in self.nodes and one.kind in OUTWARD
        )  # fmt: skip

    @cached_property
    def dead(self) -> Cut:
        """Ways without traffic now."""
        return self.whole(Cut(arcs=frozenset(self._dead)))

    @cached_property
    def unmeasured(self) -> Cut:
        """Ways and devices without a reading."""
        silent = (one.name for one in self.readings.all if one.silent)
        return Cut(frozenset(self.nodes[name] for name in silent), frozenset(self._unmeasured))

    @cached_property
    def waived(self) -> Cut:
        """Ways with a finding under a waiver."""
        return Cut(arcs=frozenset(self._waived))

    def bundle_left(self, failure: Cut) -> Iterator[tuple[str, str, int, int]]:
        """Bundles with members lost by a failure, as (device, bundle, members left, members)."""
        for name, states in self.known.ports.items():
            for row in states.reading.fact("link_bundle", LinkBundle).each_row():
                arcs = [frozenset(self._at.get((name, port_key(one)), ())) for one in row.bundled]
                left = [one for one in arcs if one and not one & failure.arcs]
                if (
                    self.nodes[name] not in failure.nodes
                    and len(left) < len(arcs)
                    and any(one & failure.arcs for one in arcs)
                ):
                    yield name, row.name, len(left), len(arcs)


def _declared(reading: DeviceFacts) -> tuple[str, ...]:
    """Return the addresses of a device by the inventory: its own, and those of its gateway groups."""
    return (reading.device.hostname, *(one.virtual_ip for one in reading.device.expect.gateways if one.virtual_ip))


def _loopback(address: str) -> bool:
    return ip_interface(address).ip.is_loopback


def _network_of(address: str, routers: Mapping[str, Sequence[tuple[str, str]]]) -> Sequence[tuple[str, str]]:
    if not is_address(address):
        return ()
    version = 6 if ":" in address else 4
    networks = (str(ip_interface(f"{address}/{length}").network) for length in _PREFIXES[version])
    return next((routers[network] for network in networks if network in routers), ())


def behind(topology: Topology) -> Mapping[str, frozenset[str]]:
    """Return the devices cut off by the failure of each device; devices with none behind are left out.

    Ways that carry no traffic now do not count; devices with an unknown way (afloat) are behind none.
    """
    sources = {topology.nodes[one.device] for one in topology.setting.origins if one.device in topology.nodes}
    reach = Reach(topology.graph, sources, topology.dead)
    names = {node: name for name, node in topology.nodes.items()}
    found = {}
    for name, node in topology.nodes.items():
        lost = reach.lost(topology.elements[name].failure) - {node}
        if cut := frozenset(names[one] for one in lost if one in names):
            found[name] = cut
    return found
