"""hostapd on its host: configuration files, their errors, the daemon, and the effect on the clients.

hostapd reads /etc/hostapd/<interface>.conf at its start and on SIGHUP, and keeps its previous settings for an invalid
file. Its settings take effect in the answers: clients beyond `max_num_sta` move to the neighbours
(`device/client_balancing.py`), so an audit after a change reports the new distribution.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from eventready.core.strings.texts import lines_of
from eventready_lab.device.client_balancing import BalancingRules, balance_clients
from eventready_lab.device.state import ApState
from eventready_lab.device.topology import stable_number
from eventready_lab.device.view import View
from eventready_lab.host.interpreter import Call, Program
from eventready_lab.host.system import HostSystem, Steps

DAEMON = "hostapd"
_FOLDER = "/etc/hostapd/"

_FILE = """# Event WiFi, {name}
interface={name}
driver=nl80211
ctrl_interface=/run/hostapd
country_code=VN
ssid={network}
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

#: Ranges of numbers and hostapd's errors about them; text that is no number reads as 0.
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


def files(view: View) -> Mapping[str, str]:
    """Return a file for each access point, with a high limit of stations, different between access points."""
    served = [ap for ap in view.state.aps if ap.radios]
    return {
        _path(ap): _FILE.format(
            name=ap.name,
            network=next(iter(view.state.wlans)),
            mode="g" if ap.radios[0].band == "2.4" else "a",
            channel=ap.radios[0].channel,
            most=(255, 512, 2_007)[stable_number(f"{ap.name} most", 0, 2)],
        )
        for ap in served
    }


def _settings(text: str) -> dict[str, str]:
    """The keys and values of a file; the last of a repeated key."""
    lines = (line.strip() for line in lines_of(text))
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


def _is_valid(text: str) -> bool:
    """Return True for a file accepted by hostapd."""
    return not _errors(text) and "interface" in _settings(text)


def _errors(text: str) -> list[str]:
    """hostapd's errors about the lines of a file."""
    lines = enumerate((line.strip() for line in lines_of(text)), 1)
    errors = ((number, _error(line)) for number, line in lines if line[:1] not in ("", "#"))
    return [f"Line {number}: {error}" for number, error in errors if error]


def _error(line: str) -> str:
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
    """A number in the reading of C's `atoi`."""
    found = re.match(r"\s*[+-]?\d+", value)
    return int(found[0]) if found else 0


def _is_qos_map(value: str) -> bool:
    """True for up to 21 DSCP exceptions and eight DSCP ranges."""
    numbers = value.split(",")
    return len(numbers) in range(16, 59, 2) and all(number.isdecimal() and int(number) <= 255 for number in numbers)


def read(host: HostSystem, before: Mapping[str, str]) -> Mapping[str, str]:
    """hostapd's settings after reading its files."""
    texts = {path: host.read(path) or "" for path in host.matching(f"{_FOLDER}*.conf")}
    return {**before, **{path: text for path, text in texts.items() if _is_valid(text)}}


def _cli(call: Call) -> int:
    """`hostapd_cli -i INTERFACE ping|reload`; a reload does not read the file."""
    if call.host.daemon_settings(DAEMON) is None:
        call.out("Failed to connect to hostapd - wpa_ctrl_open: No such file or directory\n")
        return 255
    word = call.args[-1] if call.args else ""
    answers = {"ping": "PONG", "reload": "OK"}
    call.out(f"{answers.get(word, f'Unknown command {word!r}')}\n")
    return 0 if word in answers else 255


def _daemon(call: Call) -> int:
    """`hostapd FILE` for a file without a radio: prints errors, or runs until its end (see `timeout`)."""
    path = call.args[-1] if call.args else ""
    text = call.stdin if path == "/proc/self/fd/0" else call.host.read(path) or ""
    bad = _errors(text)
    call.out("".join(f"{words}\n" for words in bad))
    if bad:
        call.out(f"{len(bad)} errors found in configuration file '{path}'\nFailed to set up interface with {path}\n")
        return 1
    call.out("lo: interface state UNINITIALIZED->ENABLED\nlo: AP-ENABLED \nlo: CTRL-EVENT-TERMINATING \n")
    return 0


def _timeout(call: Call) -> int | Steps:
    """`timeout SECONDS COMMAND`; the simulated hostapd ends at once."""
    return call.shell.execute(call.args[1:], call.streams) if call.args[1:] else call.fail("missing operand", 125)


def programs(_view: View) -> Mapping[str, Program]:
    """The programs of hostapd's package, and `timeout`."""
    return {"hostapd_cli": _cli, "hostapd": _daemon, "timeout": _timeout}


def balanced(view: View) -> list[ApState]:
    """The access points after client balancing."""
    known = view.daemon_settings(DAEMON)
    aps = view.state.aps
    if known is None:
        return list(aps)
    settings = [_settings(known.get(_path(ap), "")) for ap in aps]
    limits = [_number(one["max_num_sta"]) if "max_num_sta" in one else None for one in settings]
    return balance_clients(aps, BalancingRules(), limits)
