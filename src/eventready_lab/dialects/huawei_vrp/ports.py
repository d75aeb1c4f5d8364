"""VRP answers about ports: `display interface`, transceivers, trunks, neighbours, in the layouts of the S series."""

from __future__ import annotations

from eventready_lab.device.state import Bundle, Light, Port
from eventready_lab.device.view import View

_GIGA = 1_000_000_000
_DARK_DBM = -40.0
_RULE = "-" * 80


def spelt(name: str) -> str:
    """A port's name without blanks."""
    return name.replace(" ", "-")


def short(name: str) -> str:
    """A port's abbreviated name, for narrow columns."""
    return spelt(name).replace("XGigabitEthernet", "XGE").replace("GigabitEthernet", "GE")


def dashed(mac: str) -> str:
    """A MAC address in groups of four with dashes."""
    digits = "".join(character for character in mac.lower() if character.isalnum()).rjust(12, "0")
    return "-".join(digits[at : at + 4] for at in (0, 4, 8))


def interfaces(view: View) -> str:
    """`display interface`, of all ports or of a single port."""
    wanted = (view.match.groupdict().get("port") or "").replace(" ", "").casefold()
    ports = [port for port in view.state.ports.values() if not wanted or spelt(port.name).casefold() == wanted]
    if not ports:
        return "Error: Wrong parameter found at '^' position."
    return "\n\n".join(_interface(view, port) for port in ports)


def _interface(view: View, port: Port) -> str:
    bundle = next((bundle for bundle in view.state.bundles if bundle.name == port.name), None)
    physical = "UP" if port.admin_up and port.link_up else "DOWN" if port.admin_up else "Administratively DOWN"
    virtual = port.name.lower().startswith(("loopback", "vlanif"))
    spoofing = " (spoofing)" if port.name.lower().startswith("loopback") and physical == "UP" else ""
    lines = [
        f"{spelt(port.name)} current state : {physical}",
        f"Line protocol current state : {physical.rsplit(maxsplit=1)[-1]}{spoofing}",
        f"Description:{port.description}",
        *_layer(view, port, bundle),
    ]
    if port.name.lower().startswith("loopback"):
        lines.append("Physical is Loopback")
    else:
        lines.append(f"IP Sending Frames' Format is PKTFMT_ETHNT_2, Hardware address is {dashed(port.mac)}")
    lines.append(f"Current system time: {view.now:%Y-%m-%d %H:%M:%S%:z}")
    if virtual:
        return "\n".join([*lines, *_utilisation("--", "--")])
    lines += [] if bundle else _hardware(port)
    lines += _traffic(view, port, _bandwidth(view, port, bundle))
    return "\n".join([*lines, *(_trunk_members(view, bundle) if bundle else [])])


def _layer(view: View, port: Port, bundle: Bundle | None) -> list[str]:
    """The line about routing or switching: a port without an address switches, or is a member of a trunk."""
    hashing = ""
    if bundle:
        most = sum(view.state.ports[name].speed_bps for name in bundle.members if name in view.state.ports)
        now = _bandwidth(view, port, bundle)
        hashing = f"Hash arithmetic : According to SIP-XOR-DIP,Maximal BW: {_size(most)}, Current BW: {_size(now)}, "
    if port.address:
        length = 32 if port.name.lower().startswith("loopback") else 26 if "vlan" in port.name.lower() else 30
        return [
            f"Route Port,{hashing}The Maximum Transmit Unit is {port.mtu}",
            f"Internet Address is {port.address}/{length}",
        ]
    if port.name.lower().startswith(("loopback", "vlanif")):
        return [f"Route Port,The Maximum Transmit Unit is {port.mtu}", "Internet protocol processing : disabled"]
    return [
        "Switch Port, Link-type : trunk(configured),",
        f"PVID :    1, {hashing or 'TPID : 8100(Hex), '}The Maximum Frame Length is 9216",
    ]


def _size(bps: int) -> str:
    return f"{bps // _GIGA}G" if bps >= _GIGA else f"{bps // 1_000_000}M"


def _bandwidth(view: View, port: Port, bundle: Bundle | None) -> int:
    if bundle is None:
        return port.speed_bps
    return sum(view.state.ports[name].speed_bps for name in in_use(view, bundle))


def in_use(view: View, bundle: Bundle) -> list[str]:
    """The active members of a trunk."""
    ports = view.state.ports
    return [name for name in bundle.members if name in ports and ports[name].admin_up and ports[name].link_up]


def _hardware(port: Port) -> list[str]:
    up = port.admin_up and port.link_up
    module = ", Transceiver: 10GBASE_LR_SFP" if port.light else ""
    return [
        f"Port Mode: COMMON {'FIBER' if port.light else 'COPPER'}{module}",
        f"Speed : {port.speed_bps // 1_000_000},  Loopback: NONE",
        f"Duplex: FULL,   Negotiation: {'DISABLE' if port.light else 'ENABLE'}",
        f"Mdi   : {'-' if port.light else 'AUTO'},      Flow-control: {'DISABLE' if up else '-'}",
    ]


def _traffic(view: View, port: Port, bandwidth: int) -> list[str]:
    moving = port.admin_up and port.link_up
    rates = (port.in_bps, port.out_bps) if moving else (0, 0)
    octets, packets, errors = view.octets(port), view.packets(port), view.errors(port)
    lines = [
        f"Last 300 seconds {way}put rate {rate} bits/sec, {rate // 6400} packets/sec"
        for way, rate in zip(("in", "out"), rates, strict=True)
    ]
    lines += [
        "",
        f"Input:  {packets[0]} packets, {octets[0]} bytes",
        *_pairs(
            ("Unicast", packets[0]), ("Multicast", 0), ("Broadcast", 0), ("Jumbo", 0), ("Discard", 0), ("Pause", 0)
        ),
        "",
        *_pairs(("Total Error", errors[0]), None, ("CRC", errors[1]), ("Giants", 0), ("Runts", 0), ("Fragments", 0)),
        *_pairs(("Alignments", 0), ("Symbols", 0), ("Ignoreds", 0), None),
        "",
        f"Output:  {packets[1]} packets, {octets[1]} bytes",
        *_pairs(("Unicast", packets[1]), ("Multicast", 0), ("Broadcast", 0), ("Jumbo", 0)),
        *_pairs(("Discard", port.out_drops), ("Pause", 0)),
        "",
        *_pairs(("Total Error", 0), None, ("Collisions", 0), ("Late Collisions", 0), ("Deferreds", 0), None),
        "",
    ]
    used = [f"{100 * rate / bandwidth:.2f}%" if bandwidth else "0%" for rate in rates]
    return [*lines, *_utilisation(*used)]


def _utilisation(received: str, sent: str) -> list[str]:
    return [f"    Input bandwidth utilization  : {received:>5}", f"    Output bandwidth utilization : {sent:>5}"]


def _pairs(*counters: tuple[str, int] | None) -> list[str]:
    """Counters in pairs; None leaves the second place empty."""
    lines = []
    for one, other in zip(counters[::2], counters[1::2], strict=True):
        if one is None:
            continue
        left = f"  {one[0] + ':':<16}{one[1]:>19}"
        lines.append(f"{left},  {other[0] + ':':<16}{other[1]:>17}" if other else left)
    return lines


def _trunk_members(view: View, bundle: Bundle) -> list[str]:
    rule, up = "-" * 53, in_use(view, bundle)
    rows = [f"{spelt(name):<30}{'UP' if name in up else 'DOWN':<12}1" for name in bundle.members]
    counts = [f"The Number of Ports in Trunk : {len(rows)}", f"The Number of UP Ports in Trunk : {len(up)}"]
    return [rule, "PortName                      Status      Weight", rule, *rows, rule, *counts]


def brief(view: View) -> str:
    """`display interface brief`."""
    lines = [
        "PHY: Physical",
        "*down: administratively down",
        "(s): spoofing",
        "InUti/OutUti: input utility/output utility",
        "Interface                   PHY   Protocol  InUti OutUti   inErrors  outErrors",
    ]
    for port in view.state.ports.values():
        up = port.admin_up and port.link_up
        physical = "up" if up else "down" if port.admin_up else "*down"
        used = [100 * rate / port.speed_bps if up and port.speed_bps else 0 for rate in (port.in_bps, port.out_bps)]
        protocol = "up(s)" if up and port.name.lower().startswith("loopback") else physical.strip("*")
        row = f"{spelt(port.name):<27} {physical:<5} {protocol:<8} {used[0]:>5.2f}%{used[1]:>6.2f}%"
        lines.append(f"{row} {view.errors(port)[0]:>10}          0")
    return "\n".join(lines)


def transceivers(view: View) -> str:
    """`display transceiver verbose`."""
    blocks = [_transceiver(port, port.light) for port in view.state.ports.values() if port.light]
    return "\n\n".join(blocks) if blocks else "Info: There is no transceiver on the device."


def _transceiver(port: Port, light: Light) -> str:
    rule = "-" * 61
    common = (
        ("Transceiver Type", "10GBASE_LR_SFP"),
        ("Connector Type", "LC"),
        ("Wavelength (nm)", "1310"),
        ("Transfer Distance (m)", "10000(9um/125um SMF)"),
        ("Digital Diagnostic Monitoring", "YES"),
        ("Vendor Name", "HUAWEI"),
        ("Vendor Part Number", "OSX010000"),
        ("Ordering Name", ""),
    )
    made = (
        ("Manu. Serial Number", f"LAB{sum(map(ord, port.name)):06d}"),
        ("Manufacturing Date", "2021-03-12"),
        ("Vendor Name", "HUAWEI"),
    )
    measured = (
        ("Temperature (Celsius)", f"{light.temperature_c:.2f}"),
        ("Voltage (V)", "3.29"),
        ("Bias Current (mA)", "32.41"),
        ("Bias High Threshold (mA)", "65.00"),
        ("Bias Low Threshold (mA)", "1.00"),
        ("Current RX Power (dBm)", f"{light.rx_dbm:.2f}"),
        ("Default RX Power High Threshold (dBm)", f"{light.rx_high_alarm:.2f}"),
        ("Default RX Power Low Threshold (dBm)", f"{light.rx_low_alarm:.2f}"),
        ("Current TX Power (dBm)", f"{light.tx_dbm:.2f}"),
        ("Default TX Power High Threshold (dBm)", "3.50"),
        ("Default TX Power Low Threshold (dBm)", "-11.20"),
    )
    alarms = ["    LOS Alarm"] if light.rx_dbm <= _DARK_DBM else []
    return "\n".join(
        [
            f"{spelt(port.name)} transceiver information:",
            *(rule, "Common information:", *_answers(common)),
            *(rule, "Manufacture information:", *_answers(made)),
            *(rule, "Alarm information:", *alarms),
            *(rule, "Diagnostic information:", *_answers(measured), rule),
        ]
    )


def _answers(pairs: tuple[tuple[str, str], ...]) -> list[str]:
    return [f"  {name:<38}:{value}" for name, value in pairs]


def trunks(view: View) -> str:
    """`display eth-trunk`."""
    if not view.state.bundles:
        return "Info: No valid trunk in the system."
    return "\n\n".join(_trunk(view, bundle) for bundle in view.state.bundles)


def _trunk(view: View, bundle: Bundle) -> str:
    up = in_use(view, bundle)
    port = view.state.ports.get(bundle.name)
    oper = "up" if len(up) >= bundle.min_links and (port is None or (port.admin_up and port.link_up)) else "down"
    number = "".join(character for character in bundle.name if character.isdigit()) or "0"
    mac = dashed(port.mac if port else "")
    width = max(21, *(len(spelt(name)) for name in bundle.members)) if bundle.members else 21
    lines = [
        f"{spelt(bundle.name)}'s state information is:",
        "Local:",
        f"{f'LAG ID: {number}':<28}{'WorkingMode: LACP':<50}",
        f"{'Preempt Delay: Disabled':<28}{'Hash arithmetic: According to SIP-XOR-DIP':<50}",
        f"{'System Priority: 32768':<28}{f'System ID: {mac}':<50}",
        f"{f'Least Active-linknumber: {bundle.min_links}':<28}{'Max Active-linknumber: 8':<50}",
        f"{f'Operate status: {oper}':<28}{f'Number Of Up Port In Trunk: {len(up)}':<50}",
        _RULE,
        f"{'ActorPortName':<{width}}  Status   PortType PortPri PortNo PortKey PortState Weight",
    ]
    partners = ["", "Partner:", _RULE]
    partners.append(f"{'ActorPortName':<{width}}  SysPri   SystemID        PortPri PortNo PortKey PortState")
    for place, name in enumerate(bundle.members, 1):
        status, state = ("Selected", "10111100") if name in up else ("Unselect", "10100010")
        kind = _size(view.state.ports[name].speed_bps) + "E" if name in view.state.ports else "10GE"
        lines.append(f"{spelt(name):<{width}}  {status} {kind:<8} 32768   {place:<6} 305     {state}  1     ")
        heard = ("32768", "0050-56a1-0b00", "32768") if name in up else ("0", "0000-0000-0000", "0")
        partners.append(f"{spelt(name):<{width}}  {heard[0]:<7}  {heard[1]}  {heard[2]:<7} {place:<6} 305     {state}")
    return "\n".join([*lines, *partners])


def neighbours(view: View) -> str:
    """`display lldp neighbor`."""
    return "\n\n".join(
        _neighbour(view, port) for port in view.state.ports.values() if port.light is not None or port.neighbour
    )


def _neighbour(view: View, port: Port) -> str:
    if not (port.neighbour and port.admin_up and port.link_up):
        return f"{spelt(port.name)} has 0 neighbor(s)"
    name, far = port.neighbour
    return "\n".join(
        (
            f"{spelt(port.name)} has 1 neighbor(s):",
            "",
            "Neighbor index :1",
            "Chassis type   :MAC address",
            f"Chassis ID     :{dashed(port.mac)}",
            "Port ID type   :Interface name",
            f"Port ID        :{far}",
            f"Port description    :to {view.state.hostname}",
            f"System name         :{name}",
            "System description  :",
            "System capabilities supported   :bridge router",
            "System capabilities enabled     :bridge router",
            "Management address type  :ipv4",
            "Management address value :192.0.2.254",
            "OID  :0.6.15.43.6.1.4.1.2011.5.25.41.1.2.1.1.1.",
            "Expired time   :104s",
            "",
            "Port VLAN ID(PVID)  :1",
            "",
            "Auto-negotiation supported    :Yes",
            "Auto-negotiation enabled      :Yes",
            f"OperMau   :speed({port.speed_bps // 1_000_000})/duplex(Full)",
            "",
            "Link aggregation supported:Yes",
            "Link aggregation enabled :No",
            "Aggregation port ID      :0",
            "",
            f"Maximum frame Size       :{port.mtu + 18}",
        )
    )
