"""The wireless side of a Huawei access controller, in the layouts of V200R019; everything else is a huawei_vrp's.

Clients are balanced by the configuration (`vrp/wireless.py`).
"""

from __future__ import annotations

from dataclasses import replace

from eventready_lab.device.client_balancing import balance_clients
from eventready_lab.device.dialect import Dialect, Render
from eventready_lab.device.state import ApState, DeviceState, RadioState
from eventready_lab.device.view import View
from eventready_lab.dialects.huawei_ac.effects import MODES, spreading, wireless
from eventready_lab.dialects.huawei_vrp.dialect import DIALECT as VRP
from eventready_lab.dialects.huawei_vrp.effects import CONFIG as VRP_CONFIG
from eventready_lab.dialects.huawei_vrp.effects import layout

_RULE = "-" * 150
_RADIO_RULE = "-" * 84
_RADIO = {"2.4": ("0", "2.4G", "bgn"), "5": ("1", "5G", "an11ac"), "6": ("2", "6G", "ax")}

_RADIUS = (
    ("Protocol-version", "standard"),
    ("Traffic-unit", "B"),
    ("Shared-secret-key", "%^%#****************%^%#"),
    ("Group-filter", "class"),
    ("Timeout-interval(in second)", "5"),
    ("Retransmission", "2"),
    ("EndPacketSendTime", "0"),
    ("Dead time(in minute)", "5"),
    ("Domain-included", "NO"),
    ("NAS-IP-Address", "-"),
    ("Calling-station-id MAC-format", "xxxx-xxxx-xxxx"),
    ("Service-type", "-"),
    ("NAS-IPv6-Address", "::"),
    ("Server algorithm", "master-backup"),
    ("Detect-interval(in second)", "60"),
)


def _dashed(mac: str) -> str:
    digits = "".join(character for character in mac.lower() if character.isalnum()).rjust(12, "0")
    return "-".join(digits[at : at + 4] for at in (0, 4, 8))


def _span(seconds: int) -> str:
    return f"{seconds // 86_400}D:{seconds // 3600 % 24}H:{seconds // 60 % 60}M:{seconds % 60}S"


def _clients(ap: ApState) -> int:
    return sum(radio.clients for radio in ap.radios if radio.up) if ap.up else 0


def _spread(view: View) -> list[ApState]:
    return balance_clients(view.state.aps, spreading(view.configured))


def _access_points(view: View) -> str:
    aps = _spread(view)
    if not aps:
        return "Info: No AP information exists."
    good = sum(ap.up for ap in aps)
    counts = [("fault : fault", len(aps) - good), ("nor   : normal", good)]
    width = max(16, *(len(ap.name) for ap in aps))
    lines = ["Total AP information:", *(f"{words:<24}[{count}]" for words, count in counts if count)]
    lines += ["ExtraInfo : Extra information", "P     : insufficient power supply", _RULE]
    heading = f"ID    MAC            {'Name':<{width}} {'Group':<12} IP             Type               State  STA  "
    lines += [f"{heading}Uptime          ExtraInfo Scene", _RULE]
    for number, ap in enumerate(aps):
        uptime = _span(ap.uptime_s) if ap.up else "-"
        ip, state = (ap.ip, "nor") if ap.up else ("-", "fault")
        lines.append(
            f"{number:<5} {_dashed(ap.mac)} {ap.name:<{width}} {'default':<12} {ip:<14} {ap.model:<18} {state:<6} "
            f"{_clients(ap):<4} {uptime:<15} {'-':<9} -"
        )
    return "\n".join([*lines, _RULE, f"Total: {len(aps)}"])


def _radios(view: View) -> str:
    rows = [_radio(number, ap, radio) for number, ap in enumerate(_spread(view)) if ap.up for radio in ap.radios]
    lines = [
        "CH/BW:Channel/Bandwidth",
        "CE/ME:Current EIRP (dBm)/Max EIRP (dBm)",
        "CU:Channel utilization",
        "ST:Status",
        "WM:Working Mode (normal/monitor/monitor dual-band-scan/monitor proxy dual-band-scan)",
        _RADIO_RULE,
        "AP ID Name             RfID Band Type   ST  CH/BW     CE/ME   STA CU   WM",
        _RADIO_RULE,
    ]
    return "\n".join([*lines, *rows, _RADIO_RULE, f"Total:{len(rows)}"])


def _radio(number: int, ap: ApState, radio: RadioState) -> str:
    slot, band, kind = _RADIO[radio.band]
    figures = ("off", "-/-", "-/-", "-", "-")
    if radio.up:
        figures = ("on", f"{radio.channel}/20M", "24/24", str(radio.clients), f"{radio.utilisation}%")
    status, channel, power, clients, used = figures
    place = f"{number:<5} {ap.name:<16} {slot:<4} {band:<4} {kind:<6}"
    return f"{place} {status:<3} {channel:<9} {power:<7} {clients:<3} {used:<4} normal"


def _hsb(view: View) -> str:
    state = view.state
    if not state.pair_mode:
        return "Error: The HSB group does not exist."
    status, backup = ("Active" if state.pair_active else "Inactive", "Realtime")
    if not state.pair_ready:
        status, backup = "Independent", "Independent"
    answers = (
        ("HSB-group ID", "0"),
        ("Vrrp Group ID", "1"),
        ("Vrrp Interface", "Vlanif100"),
        ("Service Index", "0"),
        ("Group Vrrp Status", "Master" if state.pair_active else "Backup"),
        ("Group Status", status),
        ("Group Backup Process", backup),
        ("Peer Group Device Name", state.pair_peer if state.pair_ready and state.pair_peer else "-"),
        ("Peer Group Software Version", "V200R019C00SPC500" if state.pair_ready else "-"),
        ("Group Backup Modules", "Access-user"),
    )
    rule = "-" * 58
    lines = ["Hot Standby Group Information:", rule, *(f"  {name:<28}: {value}" for name, value in answers)]
    return "\n".join([*lines, f"{'':32}AP", f"{'':32}DHCP", rule])


def _radius(view: View) -> str:
    rule = f"  {'-' * 78}"
    lines = [rule, f"  {'Server-template-name':<30}:  event", *(f"  {name:<30}:  {value}" for name, value in _RADIUS)]
    for kind, port in (("Authentication Server", 1812), ("Accounting Server    ", 1813)):
        for number, (host, up) in enumerate(view.state.radius.items(), 1):
            lines += [
                f"  {kind} {number}       :  {host:<14} Port:{port}  Weight:80  [{'UP' if up else 'DOWN'}]",
                f"{'':35}Vrf:- LoopBack:NULL",
                f"{'':35}Source IP: ::",
            ]
    return "\n".join([*lines, rule])


SHOWS: dict[str, Render] = {
    "display ap all": _access_points,
    "display radio all": _radios,
    "display hsb-group 0": _hsb,
    "display radius-server configuration": _radius,
}

CONFIG = wireless(VRP_CONFIG)


def _on(state: DeviceState) -> Dialect:
    """The dialect with its own `display version`."""
    return replace(DIALECT, config=replace(CONFIG, layout=layout(state.version)))


DIALECT: Dialect = replace(
    VRP,
    platform="huawei_ac",
    prompts={**VRP.prompts, **dict.fromkeys(MODES, "[{mark}{host}-{section}]")},
    shows={**VRP.shows, **SHOWS},
    config=CONFIG,
    variant=_on,
)
