"""The wireless side of a Catalyst 9800, in the layouts of IOS-XE 17.9; everything else is a cisco_xe's.

A lost access point and its radios are not listed, as on the real controller. Clients are balanced by the configuration
(`ios/wireless.py`).
"""

from __future__ import annotations

from dataclasses import replace

from eventready.core.text_lines import lines_of
from eventready_lab.device.client_balancing import balance_clients
from eventready_lab.device.dialect import Render
from eventready_lab.device.state import ApState, RadioState
from eventready_lab.device.view import View
from eventready_lab.dialects.cisco_9800.effects import PROMPTS, spreading, wireless
from eventready_lab.dialects.cisco_xe.dialect import DIALECT as IOS_XE

_IMAGE = """                 Image Version = Cisco IOS Software [Cupertino], C9800-CL Software (C9800-CL-K9_IOSXE), Version {version}, RELEASE SOFTWARE (fc3)
Technical Support: http://www.cisco.com/techsupport
Copyright (c) 1986-2023 by Cisco Systems, Inc.
Compiled Fri 20-Oct-23 10:29 by mcpre"""  # noqa: E501  the device's own line

_AP_HEADING = (
    "AP Name                          Slots AP Model             Ethernet MAC   Radio MAC      CC   RD   "
    "IP Address                                State        Location"
)
_RADIO_HEADING = (
    "AP Name                           Mac Address     Slot    Admin State    Oper State    Width  Txpwr           "
    "Channel                             Mode"
)
_LOAD_HEADING = "AP Name                           Radio MAC       Slot  Channel Utilization (%)  Clients    "

_SLOT = {"2.4": 0, "5": 1, "6": 2}


def _dotted(mac: str) -> str:
    """A MAC address in groups of four, whatever separators the state has."""
    digits = "".join(character for character in mac.lower() if character.isalnum()).rjust(12, "0")
    return ".".join(digits[at : at + 4] for at in (0, 4, 8))


def _radio_mac(ap: ApState) -> str:
    return _dotted(ap.mac)[:-1] + "0"


def _joined(view: View) -> list[ApState]:
    return [ap for ap in balance_clients(view.state.aps, spreading(view.configured)) if ap.up]


def _access_points(view: View) -> str:
    aps = _joined(view)
    lines = [f"Number of APs: {len(aps)}", ""]
    if aps:
        lines += ["CC = Country Code", "RD = Regulatory Domain", "", _AP_HEADING, "-" * 165]
    for ap in aps:
        lines.append(
            f"{ap.name:<32} {len(ap.radios):<5} {ap.model:<20} {_dotted(ap.mac)} {_radio_mac(ap)} VN   -E   "
            f"{ap.ip:<41} {'Registered':<12} {ap.location:<32}"
        )
    return "\n".join(lines)


def _radios(view: View, band: str) -> list[tuple[ApState, RadioState]]:
    return [(ap, radio) for ap in _joined(view) for radio in ap.radios if radio.band == band]


def _radio_summary(band: str) -> Render:
    def render(view: View) -> str:
        lines = [_RADIO_HEADING, "-" * 156]
        for ap, radio in _radios(view, band):
            oper, power = ("Up", "*3/8 (14 dBm)") if radio.up else ("Down", "*1/8 (23 dBm)")
            lines.append(
                f"{ap.name:<32}  {_radio_mac(ap)}  {_SLOT[band]}       {'Enabled':<14} {oper:<13} {'20':<6} "
                f"{power:<15} {f'({radio.channel})*':<35} Local"
            )
        return "\n".join(lines)

    return render


def _radio_load(band: str) -> Render:
    def render(view: View) -> str:
        lines = [_LOAD_HEADING, "-" * 88]
        for ap, radio in _radios(view, band):
            used, clients = (radio.utilisation, radio.clients) if radio.up else (0, 0)
            lines.append(f"{ap.name:<32}  {_radio_mac(ap)}     {_SLOT[band]}    {used:>21}    {clients:>5}    ")
        return "\n".join(lines)

    return render


def _uptime(seconds: int) -> str:
    days, hours, minutes = seconds // 86_400, seconds // 3600 % 24, seconds // 60 % 60
    named = ((days, "day"), (hours, "hour"), (minutes, "minute"))
    return ", ".join(f"{count} {word}{'' if count == 1 else 's'}" for count, word in named)


def _redundancy(view: View) -> str:
    state = view.state
    paired = bool(state.pair_mode)
    ready = paired and state.pair_ready
    mine, other = ("ACTIVE", "STANDBY HOT") if state.pair_active else ("STANDBY HOT", "ACTIVE")
    since = _uptime(view.uptime_s)
    mode = "sso" if paired else "Non-redundant"
    image = _IMAGE.format(version=state.version or "17.9.4a")
    communications = "Up" if ready else f"Down      Reason: {'Failure' if paired else 'Simplex mode'}"
    lines = [
        "Redundant System Information :",
        "------------------------------",
        f"       Available system uptime = {since}",
        "Switchovers system experienced = 0",
        f"              Standby failures = {int(paired and not ready)}",
        "        Last switchover reason = none",
        "",
        f"                 Hardware Mode = {'Duplex' if ready else 'Simplex'}",
        f"    Configured Redundancy Mode = {mode}",
        f"     Operating Redundancy Mode = {mode}",
        "              Maintenance Mode = Disabled",
        f"                Communications = {communications}",
        "",
        "Current Processor Information :",
        "-------------------------------",
        *_processor("slot 1" if state.pair_active else "slot 2", mine, since, image),
        "               Recovery mode   = Not Applicable",
        "             Fast Switchover   = Enabled",
        "                Initial Garp   = Enabled",
        "",
    ]
    if not ready:
        lost = "Peer (slot: unavailable) information is not available because it is in 'DISABLED' state"
        return "\n".join([*lines, lost])
    peer = _processor("slot 2" if state.pair_active else "slot 1", other, since, image)
    lines += ["Peer Processor Information :", "----------------------------", *peer]
    return "\n".join(lines)


def _processor(slot: str, role: str, since: str, image: str) -> list[str]:
    where = "Active" if role == "ACTIVE" else "Standby"
    return [
        f"{f'{where} Location':>30} = {slot}",
        f"        Current Software state = {role}",
        f"       Uptime in current state = {since}",
        *lines_of(image),
        "        Configuration register = 0x2102",
    ]


def _chassis(view: View) -> str:
    state = view.state
    roles = ("Active", "Standby") if state.pair_active else ("Standby", "Active")
    lines = [
        "Chassis/Stack Mac Address : 0050.56a1.873e - Local Mac Address",
        "Mac persistency wait time: Indefinite",
        "                                             H/W   Current",
        "Chassis#   Role    Mac Address     Priority Version  State                 IP                RMI-IP",
        "-" * 104,
        f"*1       {roles[0]:<8} 0050.56a1.873e     2      V02     Ready                169.254.1.201      192.0.2.71",
    ]
    if state.pair_mode and state.pair_ready:
        where = "169.254.1.202      192.0.2.72"
        lines.append(f" 2       {roles[1]:<8} 0050.56a1.0f12     1      V02     Ready                {where}")
    return "\n".join(lines)


def _aaa_servers(view: View) -> str:
    return "\n\n".join(
        "\n".join(_aaa_server(number, host, up, view)) for number, (host, up) in enumerate(view.state.radius.items(), 1)
    )


def _aaa_server(number: int, host: str, up: bool, view: View) -> list[str]:
    word = "UP" if up else "DEAD"
    requests = view.counter(f"{host} requests", 4_900, 1.5 * up)
    indent, quiet = " " * 13, "retransmission 0"
    responses = [
        f"{indent}Response: unexpected 0, server error 0, incorrect 0, time 9ms",
        f"{indent}Transaction: success {requests}, failure 0",
        f"{indent}Throttled: transaction 0, timeout 0, failure 0",
        f"{indent}Malformed responses: 0",
        f"{indent}Bad authenticators: 0",
    ]
    platform = [
        f"{indent}{name}: max 0, current 0 total 0" for name in ("SMD Platform ", "WNCD Platform", "IOSD Platform ")
    ]
    return [
        f"RADIUS: id {number}, priority {number}, host {host}, auth-port 1812, acct-port 1813, hostname rad-{number}",
        f"     State: current {word}, duration 7787s, previous duration 0s",
        "     Dead: total time 0s, count 0",
        f"     Platform State from SMD: current {word}, duration 5646s, previous duration 0s",
        "     SMD Platform Dead: total time 0s, count 0",
        *(f"     Platform State from WNCD ({process}) : current {word}" for process in range(1, 5)),
        f"     Platform Dead: total time 0s, count 0{word}",
        "     Quarantined: No",
        f"     Authen: request {requests}, timeouts 0, failover 0, {quiet}",
        f"{indent}Response: accept {requests}, reject 0, challenge 0",
        *responses,
        f"{indent}Dot1x transactions:",
        f"{indent}Response: total responses: {requests}, avg response time: 9ms",
        f"{indent}Transaction: timeouts 0, failover 0",
        f"{indent}Transaction: total {requests}, success {requests}, failure 0",
        f"     Author: request 0, timeouts 0, failover 0, {quiet}",
        f"{indent}Response: accept 0, reject 0, challenge 0",
        *responses,
        f"     Account: request {requests}, timeouts 0, failover 0, {quiet}",
        f"{indent}Request: start {requests}, interim 0, stop 0",
        f"{indent}Response: start {requests}, interim 0, stop 0",
        *responses,
        "     Elapsed time since counters last cleared: 2h9m",
        "     Estimated Outstanding Access Transactions: 0",
        "     Estimated Outstanding Accounting Transactions: 0",
        "     Estimated Throttled Access Transactions: 0",
        "     Estimated Throttled Accounting Transactions: 0",
        "     Maximum Throttled Transactions: access 0, accounting 0",
        "     Consecutive Response Failures: total 0",
        *platform,
        "     Consecutive Timeouts: total 0",
        *platform,
    ]


SHOWS: dict[str, Render] = {
    "show ap summary": _access_points,
    "show ap dot11 5ghz summary": _radio_summary("5"),
    "show ap dot11 24ghz summary": _radio_summary("2.4"),
    "show ap dot11 5ghz load-info": _radio_load("5"),
    "show ap dot11 24ghz load-info": _radio_load("2.4"),
    "show redundancy": _redundancy,
    "show chassis rmi": _chassis,
    "show aaa servers": _aaa_servers,
}

DIALECT = replace(
    IOS_XE,
    platform="cisco_9800",
    prompts={**IOS_XE.prompts, **PROMPTS},
    shows={**IOS_XE.shows, **SHOWS},
    config=wireless(IOS_XE.config) if IOS_XE.config else None,
    variant=None,  # there is none before IOS XE 16
)
