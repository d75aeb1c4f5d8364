"""The healthy state of a device: every expectation is met.

Figures are plausible, stable per name, and consistent across devices (`topology`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv4Network

from eventready.facts.ports import port_key
from eventready.workspace.devices.device import Device
from eventready.workspace.devices.expect import ExpectedGateway
from eventready_lab.device.state import (
    ApState,
    Bfd,
    Bundle,
    CellState,
    DeviceState,
    DhcpPoolState,
    DiskState,
    Gateway,
    Learned,
    Light,
    Peer,
    PoolState,
    Port,
    RadioState,
    SiteState,
    Static,
    UnitState,
)
from eventready_lab.device.topology import Topology, stable_number

_GIGA = 1_000_000_000
_BACKUP_DISTANCE = 200

#: (version, model) by platform, with another one for routers with BGP; other platforms have defaults in their dialect.
_SOFTWARE = {
    "cisco_ios": ("15.7(3)M8", "CISCO2911/K9"),
    "cisco_xe": ("17.09.04a", "ASR1001-X"),
    "cisco_xr": ("7.5.2", "ASR9K"),
    "juniper_junos": ("21.4R3-S5.4", "MX204"),
    "mikrotik_routeros": ("7.14.3", "CCR2004-1G-12S+2XS"),
    "huawei_vrp": ("V200R021C00SPC600", "S6730-H48X6C"),
    "huawei_vrp bgp": ("V800R021C10SPC600", "NE8000-M8"),
    "frr": ("10.3", "FRRouting"),
    "osmocom_bsc": ("1.13.0", "OsmoBSC"),
    "huawei_mml": ("V900R021C10SPC200", "BSC6900 GSM"),
    "huawei_enb": ("V100R019C10SPC260", "BTS3900 LTE"),
    "cisco_9800": ("17.09.04a", "C9800-40-K9"),
    "huawei_ac": ("V200R021C00SPC200", "AC6805"),
    "linux_hostapd": ("2.10", "Linux"),
    "linux": ("Debian GNU/Linux 13 (trixie)", "Linux"),
}


def healthy_states(devices: Sequence[Device]) -> dict[str, DeviceState]:
    """The healthy state of every device, by name."""
    topology = Topology(devices)
    return {device.name: _device(device, topology) for device in devices}


def _device(device: Device, topology: Topology) -> DeviceState:
    name, expect = device.name, device.expect
    kind = f"{device.platform} bgp" if expect.bgp else device.platform
    version, model = _SOFTWARE.get(kind, _SOFTWARE.get(device.platform, ("1.0", device.platform)))
    state = DeviceState(
        name=name,
        platform=device.platform,
        role=device.role,
        hostname=name,
        version=version,
        model=model,
        uptime_s=stable_number(name + " up", 20, 200) * 86_400 + stable_number(name + " up s", 0, 86_399),
        router_id=topology.router_ids.get(name, ""),
        cpu_percent=stable_number(name + " cpu", 6, 28),
        memory_percent=stable_number(name + " memory", 34, 56),
        temperature_c=stable_number(name + " temperature", 31, 40),
        core_links=dict.fromkeys(expect.core_links or (), True),
        radius=dict.fromkeys(expect.radius or (), True),
    )
    state.ports = {port.name: port for port in _ports(device, topology)}
    state.peers = list(_peers(device, topology))
    state.bfd = [Bfd(address, topology.path_to(device, address).port) for address in expect.bfd or ()]
    state.bundles = [
        Bundle(bundle.name, list(topology.bundle_members(device)[bundle.name]), bundle.min_links)
        for bundle in expect.bundles
    ]
    state.gateways = [_gateway(device, gateway, topology) for gateway in expect.gateways]
    state.statics = list(_statics(device))
    _service_networks(state, device, topology)
    state.sites = [SiteState(number, site.name, mobile=site.mobile) for number, site in enumerate(expect.sites)]
    state.cells = [_cell(number, cell.name, cell.site or "", cell.barred) for number, cell in enumerate(expect.cells)]
    state.aps = [_access_point(device, ap.name) for ap in expect.access_points]
    state.wlans = dict.fromkeys(expect.wlans, True) or state.wlans
    if device.role == "service_host":
        _service_host(state, device)
    _address_ports(state, device, topology)
    _pair(state, device, topology)
    return state


# --- ports ------------------------------------------------------------------------------------------------------


def _ports(device: Device, topology: Topology) -> Iterator[Port]:
    """The expected ports, then their bundles, then a loopback."""
    members = topology.bundle_members(device)
    cables = {link.port: link for link in device.expect.links}
    wanted = dict.fromkeys(
        (
            *cables,
            *device.expect.uplinks,
            *(port for ports in members.values() for port in ports),
            *(gateway.interface for gateway in device.expect.gateways),
        )
    )
    ports = {}
    for name in wanted:
        if name in members:
            continue
        cable = cables.get(name)
        other = topology.devices.get(cable.device) if cable else None
        speed = min(_speed(name), _speed(cable.to_port)) if cable else _speed(name)
        port = _port(device.name, name, speed)
        port.description = f"to {cable.device} {cable.to_port}" if cable else _purpose(device, name)
        port.neighbour = (cable.device, cable.to_port) if cable and other else None
        port.light = _light(f"{device.name} {name}") if _is_optical(device, name) else None
        ports[name] = port
    yield from ports.values()
    for bundle, names in members.items():
        yield _bundle_port(device.name, bundle, [ports[name] for name in names])
    if device.role == "router":
        address = topology.router_ids.get(device.name, "")
        yield Port(_loopback(device.platform), "router id", address=address, speed_bps=8 * _GIGA, in_bps=0, out_bps=0)


def _is_optical(device: Device, port: str) -> bool:
    return device.role in ("router", "switch") and not _is_virtual(port)


def _port(device: str, name: str, speed: int) -> Port:
    key = f"{device} {name}"
    return Port(
        name,
        speed_bps=speed,
        mac=_mac(key),
        in_bps=speed * stable_number(key + " in", 40, 240) // 1000,
        out_bps=speed * stable_number(key + " out", 60, 310) // 1000,
    )


def _bundle_port(device: str, name: str, members: Sequence[Port]) -> Port:
    return Port(
        name,
        description=members[0].description.rpartition(" ")[0] if members else "",
        speed_bps=sum(port.speed_bps for port in members),
        mac=members[0].mac if members else _mac(f"{device} {name}"),
        in_bps=sum(port.in_bps for port in members),
        out_bps=sum(port.out_bps for port in members),
        neighbour=None,
    )


def _speed(name: str) -> int:
    kind = port_key(name).rstrip("0123456789/.:")
    speeds = {"fastethernet": _GIGA // 10, "gigabitethernet": _GIGA, "hundredgige": 100 * _GIGA}
    return speeds.get(kind, 10 * _GIGA)


def _is_virtual(name: str) -> bool:
    kinds = ("vlan", "lo", "port-channel", "eth-trunk", "bundle-ether", "ae", "bvi", "irb", "br", "tunnel")
    return port_key(name).startswith(kinds)


def _purpose(device: Device, name: str) -> str:
    return "uplink" if name in device.expect.uplinks else "local networks"


def _loopback(platform: str) -> str:
    return {"huawei_vrp": "LoopBack0", "frr": "lo", "juniper_junos": "lo0.0", "mikrotik_routeros": "lo"}.get(
        platform, "Loopback0"
    )


def _light(key: str) -> Light:
    return Light(
        rx_dbm=-stable_number(key + " rx", 32, 76) / 10,
        tx_dbm=-stable_number(key + " tx", 14, 29) / 10,
        temperature_c=stable_number(key + " light", 29, 39),
    )


def _mac(key: str) -> str:
    text = f"{stable_number(key + ' mac', 0, 0xFFFFFF):06x}"
    return f"0050.56{text[:2]}.{text[2:]}"


def _address_ports(state: DeviceState, device: Device, topology: Topology) -> None:
    """Set the addresses of ports derived from neighbours and gateway groups."""
    expect = device.expect
    for neighbour in (*expect.bfd_addresses, *(expect.bgp or ())):
        path = topology.path_to(device, neighbour)
        port = state.ports.get(path.port)
        if port and path.own and not port.address and neighbour not in topology.router_ids.values():
            port.address = path.own
    for gateway in state.gateways:
        port = state.ports.get(gateway.interface)
        if port and not port.address:
            port.address = _member_address(gateway.virtual_ip, gateway.state)


# --- routing ----------------------------------------------------------------------------------------------------


def _peers(device: Device, topology: Topology) -> Iterator[Peer]:
    """The expected peers; `address` is the address on the shared cable, or the peer itself for BGP."""
    watched = set(device.expect.bfd_addresses)
    for protocol, names in (("ospf", device.expect.ospf), ("isis", device.expect.isis), ("bgp", device.expect.bgp)):
        for name in names or ():
            path = topology.path_to(device, name)
            address = name if protocol == "bgp" else path.address
            yield Peer(
                protocol,
                name,
                interface=path.port,
                address=address,
                remote_as=65000 if path.device or name.startswith("10.") else 64500,
                prefixes=stable_number(f"{device.name} {name}", 240, 940),
                bfd=path.address in watched,
            )


def _statics(device: Device) -> Iterator[Static]:
    """Yield default routes: a watched route to the first external neighbour, then backups with a longer distance."""
    count = device.expect.default_routes or 0
    neighbours = list(dict.fromkeys(device.expect.bfd_addresses or device.expect.bgp or ()))
    neighbours.sort(key=lambda address: address.startswith("10."))
    spare = (f"10.253.{stable_number(device.name, 0, 255)}.{number}" for number in range(1, 254, 4))
    for number, hop in zip(range(count), [*neighbours, *(next(spare) for _ in range(count))], strict=False):
        yield Static(
            "0.0.0.0/0",
            hop,
            distance=1 if number == 0 else _BACKUP_DISTANCE + number - 1,
            track="10" if number == 0 else "",
            bfd=number == 0,
        )


def _service_networks(state: DeviceState, device: Device, topology: Topology) -> None:
    """Connect a router to the networks of service hosts at its gateway groups; other members lead there as well."""
    for gateway in device.expect.gateways:
        network = _network(gateway.virtual_ip)
        if network is None or not any(IPv4Address(address) in network for address in device.origin_addresses):
            continue
        state.networks[str(network)] = gateway.interface
        paths = (topology.path_to(device, link.device) for link in device.expect.links)
        near = {path.device: path for path in paths if _is_member(topology.devices.get(path.device), network)}
        state.learned += [Learned(str(network), path.address, path.port) for path in near.values()]


def _network(address: str | None) -> IPv4Network | None:
    """Return the /24 with a virtual address; None without an IPv4 address."""
    try:
        return IPv4Network(f"{address}/24", strict=False)
    except ValueError:
        return None


def _is_member(device: Device | None, network: IPv4Network) -> bool:
    return device is not None and any(_network(one.virtual_ip) == network for one in device.expect.gateways)


def _member_address(virtual_ip: str, state: str) -> str:
    """Return a member's own address: the address after the virtual address, or the second address for a backup."""
    network, _, last = virtual_ip.rpartition(".")
    number = int(last) if last.isdigit() else 0
    step = 1 if number < 250 else -1
    return f"{network}.{number + step * (1 if state == 'master' else 2)}" if network else ""


def _gateway(device: Device, expected: ExpectedGateway, topology: Topology) -> Gateway:
    role = expected.role or ("master" if _first_member(device, expected, topology) else "backup")
    virtual_ip = expected.virtual_ip or f"10.252.{expected.group % 256}.1"
    return Gateway(
        expected.protocol,
        expected.group,
        expected.interface,
        virtual_ip,
        state=role,
        priority=110 if role == "master" else 100,
        peer=_member_address(virtual_ip, "backup" if role == "master" else "master"),
    )


def _first_member(device: Device, expected: ExpectedGateway, topology: Topology) -> bool:
    """True for the first member of a group without a declared master."""
    members = [
        (other.name, gateway.role)
        for other in topology.devices.values()
        for gateway in other.expect.gateways
        if (gateway.protocol, gateway.group, gateway.virtual_ip)
        == (expected.protocol, expected.group, expected.virtual_ip)
        and set(other.venues) & set(device.venues)
    ]
    return not any(role == "master" for _, role in members) and min(name for name, _ in members) == device.name


# --- radio ------------------------------------------------------------------------------------------------------


def _cell(number: int, name: str, site: str, barred: bool) -> CellState:
    tch, sdcch = stable_number(name + " tch", 2, 6), stable_number(name + " sdcch", 0, 2)
    return CellState(
        number,
        name,
        site,
        barred=barred,
        channels={"TCH/F": (tch, 14), "TCH/H": (0, 0), "SDCCH8": (sdcch, 8)},
        requests=stable_number(name + " requests", 2_000, 9_000),
        refused=stable_number(name + " refused", 0, 9),
    )


def _access_point(device: Device, name: str) -> ApState:
    model = "AirEngine5761-21" if device.platform == "huawei_ac" else "C9130AXI-E"
    text = f"{stable_number(name + ' ap', 0, 0xFFFFFF):06x}"
    position = [ap.name for ap in device.expect.access_points].index(name)
    radios = [_radio(name, "2.4", (1, 6, 11)), _radio(name, "5", (36, 52, 100, 116, 149))]
    if device.platform == "linux_hostapd":  # an interface is an access point with one radio
        radios = [radios[position % 2]]
    return ApState(
        name,
        model,
        mac=f"7079.b3{text[:2]}.{text[2:]}",
        ip=f"10.60.{stable_number(device.name, 0, 200)}.{1 + position % 250}",
        uptime_s=stable_number(name + " up", 9, 60) * 86_400 + stable_number(name + " s", 0, 86_399),
        radios=radios,
    )


def _radio(ap: str, band: str, channels: Sequence[int]) -> RadioState:
    key = f"{ap} {band}"
    return RadioState(
        band,
        channel=channels[stable_number(key, 0, len(channels) - 1)],
        clients=stable_number(key + " clients", 2, 9) if band == "2.4" else stable_number(key + " clients", 6, 19),
        utilisation=stable_number(key + " busy", 8, 26),
        noise_dbm=-stable_number(key + " noise", 91, 97),
    )


def _pair(state: DeviceState, device: Device, topology: Topology) -> None:
    """Set up a controller pair: the controller with access points is active, its partner is standby."""
    if not device.expect.controller_pair:
        return
    members = sorted(
        other.name
        for other in topology.devices.values()
        if other.platform == device.platform and other.venues == device.venues and other.expect.controller_pair
    )
    serving = next((name for name in members if topology.devices[name].expect.access_points), members[0])
    state.pair_mode = "HSB" if device.platform == "huawei_ac" else "SSO"
    state.pair_active = device.name == serving
    state.pair_peer = next((name for name in members if name != device.name), "")


# --- service hosts ----------------------------------------------------------------------------------------------

#: Listening ports by the unit that serves them; every other expected port belongs to nginx.
_UNIT_PORTS = {
    "ssh": ("tcp/22",),
    "dnsmasq": ("udp/53", "tcp/53", "udp/67"),
    "chrony": ("udp/123", "udp/323"),
    "rsyslog": ("udp/514", "tcp/514"),
}
_OTHER_UNIT = "nginx"


def _service_host(state: DeviceState, device: Device) -> None:
    """Units, sockets, disks, pools, names, leases and certificates of a service host."""
    expect, name = device.expect, device.name
    owner = {port: unit for unit, ports in _UNIT_PORTS.items() for port in ports}
    for unit in expect.services:
        ports = [port for port in expect.listeners if owner.get(port, _OTHER_UNIT) == unit]
        state.units.append(UnitState(unit, ports=ports))
    state.disks = [DiskState("/", used_percent=stable_number(name + " disk", 22, 55))]
    state.disks.append(DiskState("/var/log", 105_689_415_680, stable_number(name + " log", 12, 60)))
    state.pools = [
        PoolState(pool, {_pool_server(pool, number): True for number in (1, 2, 3)}) for pool in expect.backends
    ]
    right = {one.answer.dns: one.answer.addresses for one in device.questions if one.answer.dns}
    state.dns = {record: f"10.20.0.{stable_number(record, 10, 60)}" for record in (*expect.dns, *right)}
    state.dns |= {record: addresses[0] for record, addresses in right.items() if addresses}
    state.pages = {str(one.answer.http): one.answer.contains for one in device.questions if one.answer.http}
    if expect.dhcp:
        state.dhcp = [DhcpPoolState("10.20.8.10", "10.20.9.250", stable_number(name + " leases", 60, 190), 497)]
    if expect.certificates:
        state.certificates = {"/etc/ssl/portal.pem": stable_number(name + " certificate", 90, 300)}


def _pool_server(pool: str, number: int) -> str:
    return f"10.20.1.{stable_number(pool, 0, 60) * 4 + number}:8080"
