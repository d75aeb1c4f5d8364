"""IOS XE answers about ports: counters, light, bundles, neighbours."""

from __future__ import annotations

from eventready_lab.device.state import Light, Port
from eventready_lab.device.view import View
from eventready_lab.dialects._shared.forwarding import bundled, works
from eventready_lab.dialects.cisco_xe.formats import short_name

_LIGHT_HEAD = """Transceiver is internally calibrated.
mA: milliamperes, dBm: decibels (milliwatts), NA or N/A: not applicable.
++ : high alarm, +  : high warning, -  : low warning, -- : low alarm.
A2D readouts (if they differ), are reported in parentheses.
The threshold values are calibrated.
"""
_FLAGS = """Flags:  D - down        P/bndl - bundled in port-channel
        I - stand-alone s/susp - suspended
        H - Hot-standby (LACP only)
        R - Layer3      S - Layer2
        U - in use      f - failed to allocate aggregator

        M - not in use, minimum links not met
        u - unsuitable for bundling
        w - waiting to be aggregated
        d - default port

"""
_FLAGS_FOOT = """
RU - L3 port-channel UP State
SU - L2 port-channel UP state
P/bndl -  Bundled
S/susp  - Suspended"""


def _hardware(port: Port) -> str:
    if port.name.startswith("Loopback"):
        return "Loopback"
    kind = {"Port-channel": "10GEChannel", "Vlan": "Ethernet SVI"}
    named = next((word for start, word in kind.items() if port.name.startswith(start)), "BUILT-IN-2T+6X1GE")
    return f"{named}, address is {port.mac} (bia {port.mac})"


def _media(view: View, port: Port) -> list[str]:
    bundle = next((bundle for bundle in view.state.bundles if bundle.name == port.name), None)
    if bundle:
        live = bundled(view.state, bundle)
        each = port.speed_bps // 1_000_000 // max(1, len(bundle.members))
        members = [f"        Member {at} : {name} , Full-duplex, {each}Mb/s" for at, name in enumerate(live)]
        return [f"    No. of active members in this channel: {len(live)} ", *members]
    if port.name.startswith(("Loopback", "Vlan")):
        return []
    media = "10GBase-LR" if port.light else "RJ45"
    return [
        f"  Full Duplex, {port.speed_bps // 1_000_000}Mbps, link type is force-up, media type is {media}",
        "  output flow-control is unsupported, input flow-control is unsupported",
    ]


def _share(rate: int, speed: int) -> int:
    return max(1, min(255, rate * 255 // max(1, speed)))


def _interface(view: View, port: Port) -> str:
    up = works(port)
    link = "up" if up else "down" if port.admin_up else "administratively down"
    received, sent = view.octets(port)
    packets_in, packets_out = view.packets(port)
    errors, crc = view.errors(port)
    rate_in, rate_out = (port.in_bps, port.out_bps) if up else (0, 0)
    address = f"{port.address}/{32 if port.name.startswith('Loopback') else 30}" if port.address else ""
    lines = [
        f"{port.name} is {link}, line protocol is {'up' if up else 'down'} ",
        f"  Hardware is {_hardware(port)}",
        *([f"  Description: {port.description}"] if port.description else []),
        *([f"  Internet address is {address}"] if address else []),
        f"  MTU {port.mtu} bytes, BW {port.speed_bps // 1000} Kbit/sec, DLY 10 usec, ",
        f"     reliability 255/255, txload {_share(rate_out, port.speed_bps)}/255, "
        f"rxload {_share(rate_in, port.speed_bps)}/255",
        f"  Encapsulation {'LOOPBACK' if port.name.startswith('Loopback') else 'ARPA'}, loopback not set",
        "  Keepalive set (10 sec)",
        *_media(view, port),
        "  ARP type: ARPA, ARP Timeout 04:00:00",
        f"  Last input {'00:00:00' if up else 'never'}, output {'00:00:00' if up else 'never'}, output hang never",
        '  Last clearing of "show interface" counters never',
        f"  Input queue: 0/375/0/0 (size/max/drops/flushes); Total output drops: {port.out_drops}",
        "  Queueing strategy: fifo",
        "  Output queue: 0/40 (size/max)",
        f"  5 minute input rate {rate_in} bits/sec, {rate_in // 6400} packets/sec",
        f"  5 minute output rate {rate_out} bits/sec, {rate_out // 6400} packets/sec",
        f"     {packets_in} packets input, {received} bytes, 0 no buffer",
        "     Received 0 broadcasts (0 IP multicasts)",
        "     0 runts, 0 giants, 0 throttles ",
        f"     {errors} input errors, {crc} CRC, 0 frame, 0 overrun, 0 ignored",
        "     0 watchdog, 0 multicast, 0 pause input",
        f"     {packets_out} packets output, {sent} bytes, 0 underruns",
        "     Output 0 broadcasts (0 IP multicasts)",
        "     0 output errors, 0 collisions, 1 interface resets",
        "     0 unknown protocol drops",
        "     0 babbles, 0 late collision, 0 deferred",
        "     0 lost carrier, 0 no carrier, 0 pause output",
        "     0 output buffer failures, 0 output buffers swapped out",
        "     1 carrier transitions",
    ]
    return "\n".join(lines)


def interfaces(view: View) -> str:
    """`show interfaces`, of all ports or of a port by its long or short name."""
    wanted = view.match[1] if view.match.re.groups else None
    ports = view.state.ports.values()
    chosen = [port for port in ports if wanted in (None, port.name, short_name(port.name))]
    if not chosen:
        return "% Invalid input detected at '^' marker.\n"
    return "\n".join(_interface(view, port) for port in chosen)


def ip_interface_brief(view: View) -> str:
    """`show ip interface brief`."""
    lines = ["Interface              IP-Address      OK? Method Status                Protocol"]
    for port in view.state.ports.values():
        status = "up" if works(port) else "down" if port.admin_up else "administratively down"
        protocol = "up" if works(port) else "down"
        lines.append(f"{port.name:<22} {port.address or 'unassigned':<15} YES NVRAM  {status:<21} {protocol:<8}")
    return "\n".join(lines)


def _flag(light: Light) -> str:
    if light.rx_dbm <= light.rx_low_alarm:
        return "--"
    if light.rx_dbm >= light.rx_high_alarm:
        return "++"
    return "-" if light.rx_dbm <= light.rx_low_warn else "+" if light.rx_dbm >= light.rx_high_warn else ""


def _table(title: str, unit: str, rows: list[str], *, lanes: bool) -> str:
    pad = " " * (17 if lanes else 13)
    first, last = title.split("|")
    wide = 17 if lanes else 19
    lead = f"{pad}{first:<{wide}}" if first else " " * (len(pad) + wide)
    lane = "Lane  " if lanes else ""
    start = f"{'Port':<11}{lane}" if lanes else f"{'Port':<13}"
    rule = "---------  ----  ---------------" if lanes else "---------    -----------------"
    return "\n".join(
        [
            f"{lead}High Alarm  High Warn  Low Warn   Low Alarm",
            f"{pad}{last:<{wide}}Threshold   Threshold  Threshold  Threshold",
            f"{start}{f'({unit})':<{wide}}" + "   ".join(f"{f'({unit})':<9}" for _ in range(4)).rstrip(),
            f"{rule}  ----------  ---------  ---------  ---------",
            *rows,
            "",
        ]
    )


def transceivers(view: View) -> str:
    """`show interfaces transceiver detail`: a table per quantity, a row per port with a module."""
    lit = [(short_name(port.name), port.light) for port in view.state.ports.values() if port.light]
    if not lit:
        return _LIGHT_HEAD.rstrip("\n")
    warm = [f"{name:<12} {one.temperature_c:<17.1f}      75.0       70.0        0.0       -5.0" for name, one in lit]
    volts = [f"{name:<12} {3.30:<17.2f}      3.63       3.46       3.13       2.97" for name, _ in lit]
    amps = [f"{name:<10} N/A    {7.4:<14.1f}     10.5       10.5        2.5        2.5" for name, _ in lit]
    sent = [
        f"{name:<10} N/A  {one.tx_dbm:>5.1f}               1.7       -1.3       -7.3      -11.3" for name, one in lit
    ]
    got = [
        f"{name:<10} N/A  {one.rx_dbm:>5.1f}  {_flag(one):<11} {one.rx_high_alarm:>9.1f}  {one.rx_high_warn:>9.1f}"
        f"  {one.rx_low_warn:>9.1f}  {one.rx_low_alarm:>9.1f}"
        for name, one in lit
    ]
    return "\n".join(
        [
            _LIGHT_HEAD,
            _table("|Temperature", "Celsius", warm, lanes=False),
            _table("|Voltage", "Volts", volts, lanes=False),
            _table("|Current", "milliamperes", amps, lanes=True),
            _table("Optical|Transmit Power", "dBm", sent, lanes=True),
            _table("Optical|Receive Power", "dBm", got, lanes=True),
        ]
    ).rstrip("\n")


def etherchannel(view: View) -> str:
    """`show etherchannel summary`."""
    state = view.state
    lines = [
        f"{_FLAGS}",
        f"Number of channel-groups in use: {len(state.bundles)}",
        f"Number of aggregators:           {len(state.bundles)}",
        "",
        "Group  Port-channel  Protocol    Ports",
        "------+-------------+-----------+-----------------------------------------------",
    ]
    for bundle in state.bundles:
        live = bundled(state, bundle)
        name = short_name(bundle.name)
        flags = "RU" if len(live) >= max(1, bundle.min_links) else "RD"
        ports = " ".join(f"{short_name(member)}({'bndl' if member in live else 'D'})" for member in bundle.members)
        lines.append(f"{name.removeprefix('Po')}\t{name}({flags})\t\tLACP\t {ports}")
    return "\n".join([*lines, _FLAGS_FOOT])


def lldp(view: View) -> str:
    """`show lldp neighbors detail`; a failed port has no neighbour."""
    heard = [(port, port.neighbour) for port in view.state.ports.values() if port.neighbour and works(port)]
    lines: list[str] = []
    for port, (device, far) in heard:
        lines += [
            "------------------------------------------------",
            f"Local Intf: {short_name(port.name)}",
            f"Chassis id: {port.mac}",
            f"Port id: {short_name(far)}",
            f"Port Description: to {view.state.name} {port.name}",
            f"System Name: {device}",
            "",
            "System Description: ",
            "Cisco IOS Software [Cupertino], ASR1000 Software (X86_64_LINUX_IOSD-UNIVERSALK9-M), Version 17.9.4a, "
            "RELEASE SOFTWARE (fc3)",
            "Technical Support: http://www.cisco.com/techsupport",
            "Copyright (c) 1986-2023 by Cisco Systems, Inc.",
            "Compiled Fri 20-Oct-23 10:39 by mcpre",
            "",
            "Time remaining: 101 seconds",
            "System Capabilities: B,R",
            "Enabled Capabilities: R",
            "Management Addresses - not advertised",
            "Auto Negotiation - not supported",
            "Physical media capabilities - not advertised",
            "Media Attachment Unit type - not advertised",
            "Vlan ID: - not advertised",
            "",
        ]
    return "\n".join([*lines, "", f"Total entries displayed: {len(heard)}"])
