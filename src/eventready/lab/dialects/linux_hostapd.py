"""A Debian host whose interfaces hostapd serves, behind OpenSSH and bash; as hostapd 2.10, iw 6.9 and procps 4 print.

The commands are those that the platform sends: this shell runs nothing else, and says that it does not know it.
An access point is one interface with one radio; where either is off, hostapd says that it is disabled.
"""

from __future__ import annotations

import json
from typing import Any

from eventready.lab.dialect import Dialect, Errors, Render, View
from eventready.lab.state import ApState, Port, RadioState
from eventready.platforms.loader import describe

_KERNEL = "Linux 6.12.118+deb13-amd64"
_MEMORY = 4_109_365_248

_VERSION = """hostapd v{version}
User space daemon for IEEE 802.11 AP management,
IEEE 802.1X/WPA/WPA2/EAP/RADIUS Authenticator
Copyright (c) 2002-2022, Jouni Malinen <j@w1.fi> and contributors
{kernel}
{host}
{uptime}.{hundredths:02d} {idle}.07"""

_STATUS = """interface={name}
state={state}
phy=phy{number}
freq={frequency}
num_sta_non_erp=0
num_sta_no_short_slot_time=0
num_sta_no_short_preamble=0
olbc=0
num_sta_ht_no_gf=0
num_sta_no_ht=0
num_sta_ht_20_mhz=0
num_sta_ht40_intolerant=0
olbc_ht=0
ht_op_mode=0x0
cac_time_seconds=0
cac_time_left_seconds=N/A
channel={channel}
edmg_enable=0
edmg_channel=0
secondary_channel=0
ieee80211n=1
ieee80211ac=0
ieee80211ax=0
beacon_int=100
dtim_period=2
ht_caps_info=000c
{modulation}bss[0]={name}
bssid[0]={mac}
ssid[0]=Event-WiFi
num_sta[0]={stations}
stations={stations}"""

_NONE = """interface=*
Failed to connect to hostapd - wpa_ctrl_open: No such file or directory
command failed: No such device (-19)
stations=0"""


def _system(view: View) -> str:
    return _VERSION.format(
        version=view.state.version or "2.10",
        kernel=_KERNEL,
        host=view.state.hostname or view.state.name,
        uptime=view.uptime_s,
        hundredths=view.uptime_s % 100,
        idle=view.uptime_s * 9 // 10,
    )


def _access_points(view: View) -> str:
    """In the order of their names, as a shell's pattern gives them; one without a radio is not served at all."""
    served = [(number, ap, ap.radios[0]) for number, ap in enumerate(view.state.aps) if ap.radios]
    return "\n".join(_status(*one) for one in sorted(served, key=lambda one: one[1].name)) or _NONE


def _status(number: int, ap: ApState, radio: RadioState) -> str:
    up, low = ap.up and radio.up, radio.band == "2.4"
    rates = "02 04 0b 16 0c 12 18 24 30 48 60 6c" if low else "0c 12 18 24 30 48 60 6c"
    return _STATUS.format(
        name=ap.name,
        state="ENABLED" if up else "DISABLED",
        number=number,
        frequency=_frequency(radio),
        channel=radio.channel,
        modulation=f"ht_mcs_bitmask=ffff0000000000000000\nsupported_rates={rates}\nmax_txpower=23\n" if up else "",
        mac=_colons(ap.mac),
        stations=radio.clients if up else 0,
    )


def _frequency(radio: RadioState) -> int:
    base = {"2.4": 2407, "5": 5000, "6": 5950}[radio.band]
    return 2484 if radio.band == "2.4" and radio.channel == 14 else base + 5 * radio.channel


def _colons(mac: str) -> str:
    digits = "".join(letter for letter in mac.lower() if letter.isalnum()).rjust(12, "0")
    return ":".join(digits[at : at + 2] for at in range(0, 12, 2))


def _links(view: View) -> str:
    return json.dumps([_link(view, number, port) for number, port in enumerate(view.state.ports.values(), 2)])


def _link(view: View, number: int, port: Port) -> dict[str, Any]:
    received, sent = view.octets(port)
    packets_in, packets_out = view.packets(port)
    errors, _crc = view.errors(port)
    up = port.admin_up and port.link_up
    flags = ["UP"] * port.admin_up + ["LOWER_UP"] * up
    described = {"ifalias": port.description} if port.description else {}
    return {
        "ifindex": number,
        "ifname": port.name,
        "flags": ["NO-CARRIER"] * (port.admin_up and not up) + ["BROADCAST", "MULTICAST", *flags],
        "mtu": port.mtu,
        "qdisc": "fq_codel",
        "operstate": "UP" if up else "DOWN",
        "linkmode": "DEFAULT",
        "group": "default",
        "txqlen": 1000,
        "link_type": "ether",
        "address": _colons(port.mac),
        "broadcast": "ff:ff:ff:ff:ff:ff",
        **described,
        "stats64": {
            "rx": {
                "bytes": received, "packets": packets_in, "errors": errors, "dropped": 0, "over_errors": 0,
                "multicast": 0,
            },
            "tx": {
                "bytes": sent, "packets": packets_out, "errors": 0, "dropped": port.out_drops, "carrier_errors": 0,
                "collisions": 0,
            },
        },
    }  # fmt: skip


def _load(view: View) -> str:
    load = float(view.state.cpu_percent)
    return f"load1={load:.1f} load5={load:.1f} load15={load:.1f} cpus=4"


def _memory(view: View) -> str:
    used = _MEMORY * view.state.memory_percent // 100
    figures = (_MEMORY, used, (_MEMORY - used) // 2, 43_606_016, (_MEMORY - used) // 2, _MEMORY - used)
    return (
        "               total        used        free      shared  buff/cache   available\n"
        f"Mem:{figures[0]:>16}" + "".join(f"{figure:>12}" for figure in figures[1:]) + "\n"
        f"Swap:{0:>15}{0:>12}{0:>12}"
    )


def _pattern(start: str) -> str:
    """The one command of the platform that begins so, as the pattern that it stands under in platform.yaml."""
    patterns = describe("linux_hostapd").spec.read_only
    return next(f"/{pattern.strip('^$')}/" for pattern in patterns if pattern.startswith(f"^{start}"))


SHOWS: dict[str, Render] = {
    _pattern("hostapd -v"): _system,
    _pattern("for i in "): _access_points,
    _pattern("awk "): _load,
    "ip -json -statistics link": _links,
    "free -b": _memory,
}

DIALECT = Dialect(
    platform="linux_hostapd",
    prompts={"enabled": "netops@{host}:~$ "},
    start="enabled",
    banner="\nThe programs included with the Debian GNU/Linux system are free software.\n",
    shows=SHOWS,
    errors=Errors(unknown="-bash: {word}: command not found", incomplete="-bash: syntax error: unexpected end of file"),
    settings={r"unset HISTFILE; export LC_ALL=C PATH=\S+": "", r"unset HISTFILE|true": ""},
    pipes=False,
    log_line="[ 7261.402113] IPv6: ADDRCONF(NETDEV_CHANGE): eth9: link becomes ready",
)
