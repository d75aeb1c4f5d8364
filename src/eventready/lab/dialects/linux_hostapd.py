"""A Debian host whose interfaces hostapd serves, behind OpenSSH and bash; as hostapd 2.10, iw 6.9 and procps 4 print.

What the platform asks has its answers here; everything else is the host's own shell (`lab/host/`). An access point is
one interface with one radio; where either is off, hostapd says that it is disabled.

Each interface has its file, /etc/hostapd/<interface>.conf, which hostapd reads when it starts and on SIGHUP; one that
it cannot read leaves it with what it knew before. What hostapd has read is what counts: clients beyond `max_num_sta` go
to the neighbours (see `lab/balance.py`), so that the audit after a change sees them spread.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from eventready.lab.balance import Spreading, spread
from eventready.lab.dialect import Dialect, Errors, HostSystem, Render, View
from eventready.lab.host.run import Call, Program
from eventready.lab.host.system import Steps, System
from eventready.lab.state import ApState, Port, RadioState
from eventready.lab.topology import figure
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
    served = [(number, ap, ap.radios[0]) for number, ap in enumerate(_spread(view)) if ap.radios]
    return "\n".join(_status(*one) for one in sorted(served, key=lambda one: one[1].name)) or _NONE


def _spread(view: View) -> list[ApState]:
    """The access points with the clients that their limits leave them."""
    known = view.machine.memory(_DAEMON)
    aps = view.state.aps
    if known is None:
        return list(aps)
    settings = [_settings(known.get(_path(ap), "")) for ap in aps]
    limits = [_number(one["max_num_sta"]) if "max_num_sta" in one else None for one in settings]
    return spread(aps, Spreading(), limits)


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


# --- configuration ----------------------------------------------------------------------------------------------

_DAEMON = "hostapd"
_FOLDER = "/etc/hostapd/"

_FILE = """# Event WiFi, {name}
interface={name}
driver=nl80211
ctrl_interface=/run/hostapd
country_code=VN
ssid=Event-WiFi
hw_mode={mode}
channel={channel}
beacon_int=100
dtim_period=2
ieee80211n=1
wmm_enabled=1
auth_algs=1
wpa=2
wpa_key_mgmt=WPA-PSK
rsn_pairwise=CCMP
wpa_psk_file=/etc/hostapd/stations.psk
max_num_sta={most}
ap_max_inactivity=300
"""

#: Numbers that hostapd looks at: what they may be, and what it says of another. What is no number it reads as 0.
_LIMITS: Mapping[str, tuple[int, int, str]] = {
    "max_num_sta": (0, 2_007, "Invalid max_num_sta={}; allowed range 0..2007"),
    "bss_load_update_period": (0, 100, "invalid bss_load_update_period {}"),
    "beacon_int": (10, 65_535, "invalid beacon_int {} (expected 10..65535)"),
    "dtim_period": (1, 255, "invalid dtim_period {}"),
    "rts_threshold": (-1, 65_535, "invalid rts_threshold {}"),
    "airtime_mode": (0, 3, "Unknown airtime_mode"),
}
_KNOWN = (
    *("interface", "driver", "ctrl_interface", "country_code", "ssid", "hw_mode", "wpa_key_mgmt", "rsn_pairwise"),
    *("wpa_psk_file", "qos_map_set", "bridge", "logger_syslog", "logger_stdout", "supported_rates", "basic_rates"),
    *("channel", "ap_max_inactivity", "no_probe_resp_if_max_sta", "bss_transition", "rrm_neighbor_report", "okc"),
    *("rrm_beacon_report", "wmm_enabled", "ieee80211n", "ieee80211ac", "ieee80211ax", "auth_algs", "wpa", "ap_isolate"),
    *("disassoc_low_ack", "interworking", "chan_util_avg_period", "ignore_broadcast_ssid"),
)


def _path(ap: ApState) -> str:
    return f"{_FOLDER}{ap.name}.conf"


def _files(view: View) -> Mapping[str, str]:
    """A file for each access point; its limit is high, and not everywhere the same."""
    served = [ap for ap in view.state.aps if ap.radios]
    return {
        _path(ap): _FILE.format(
            name=ap.name,
            mode="g" if ap.radios[0].band == "2.4" else "a",
            channel=ap.radios[0].channel,
            most=(255, 512, 2_007)[figure(f"{ap.name} most", 0, 2)],
        )
        for ap in served
    }


def _settings(text: str) -> dict[str, str]:
    """The keys and values of a file; of a repeated one the last."""
    lines = (line.strip() for line in text.splitlines())
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


def _is_good(text: str) -> bool:
    """True for a file that hostapd would take."""
    return not _complaints(text) and "interface" in _settings(text)


def _complaints(text: str) -> list[str]:
    """What hostapd says of the lines of a file that it does not understand."""
    lines = enumerate((line.strip() for line in text.splitlines()), 1)
    told = ((number, _complaint(line)) for number, line in lines if line[:1] not in ("", "#"))
    return [f"Line {number}: {words}" for number, words in told if words]


def _complaint(line: str) -> str:
    key, equals, value = line.partition("=")
    if not equals:
        return f"invalid line '{line}'"
    if key == "qos_map_set":
        return "" if _is_qos_map(value) else f"Invalid qos_map_set '{value}'"
    if key not in _LIMITS:
        return "" if key in _KNOWN else f"unknown configuration item '{key}'"
    least, most, words = _LIMITS[key]
    number = _number(value)
    return "" if least <= number <= most else words.format(number)


def _number(value: str) -> int:
    """A number as C's `atoi` reads it."""
    found = re.match(r"\s*[+-]?\d+", value)
    return int(found[0]) if found else 0


def _is_qos_map(value: str) -> bool:
    """Up to 21 marks with their priority, and eight ranges of marks."""
    numbers = value.split(",")
    return len(numbers) in range(16, 59, 2) and all(number.isdecimal() and int(number) <= 255 for number in numbers)


def _read(system: System, before: Mapping[str, str]) -> Mapping[str, str]:
    """What hostapd works with after it has read its files."""
    texts = {path: system.read(path) or "" for path in system.matching(f"{_FOLDER}*.conf")}
    return {**before, **{path: text for path, text in texts.items() if _is_good(text)}}


def _cli(call: Call) -> int:
    """`hostapd_cli -i INTERFACE ping|reload`; a reload takes what hostapd has in memory, not its file."""
    if call.system.memory(_DAEMON) is None:
        call.out("Failed to connect to hostapd - wpa_ctrl_open: No such file or directory\n")
        return 255
    word = call.args[-1] if call.args else ""
    answers = {"ping": "PONG", "reload": "OK"}
    call.out(f"{answers.get(word, f'Unknown command {word!r}')}\n")
    return 0 if word in answers else 255


def _daemon(call: Call) -> int:
    """`hostapd FILE`, of a file that names no radio: it complains, or works until it is ended (see `timeout`)."""
    path = call.args[-1] if call.args else ""
    text = call.stdin if path == "/proc/self/fd/0" else call.system.read(path) or ""
    bad = _complaints(text)
    call.out("".join(f"{words}\n" for words in bad))
    if bad:
        call.out(f"{len(bad)} errors found in configuration file '{path}'\nFailed to set up interface with {path}\n")
        return 1
    call.out("lo: interface state UNINITIALIZED->ENABLED\nlo: AP-ENABLED \nlo: CTRL-EVENT-TERMINATING \n")
    return 0


def _timeout(call: Call) -> int | Steps:
    """`timeout SECONDS COMMAND`: what hostapd does here is done at once."""
    return call.shell.execute(call.args[1:], call.streams) if call.args[1:] else call.fail("missing operand", 125)


def _programs(_view: View) -> Mapping[str, Program]:
    return {"hostapd_cli": _cli, "hostapd": _daemon, "timeout": _timeout}


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
    host=HostSystem(prompt="{user}@{host}:~$ ", main=True, files=_files, programs=_programs, daemons={_DAEMON: _read}),
    pipes=False,
    log_line="[ 7261.402113] IPv6: ADDRCONF(NETDEV_CHANGE): eth9: link becomes ready",
)
