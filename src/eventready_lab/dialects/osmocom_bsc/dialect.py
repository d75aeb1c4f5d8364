"""The VTY of OsmoBSC 1.13; a test compares the form of every line with the real program.

A cell of the state is a `bts` described by the cell's name: OsmoBSC has no sites. A blocked cell has its transceivers
locked (`rf_locked 1`): its link is degraded, and it has no channels.
"""

from __future__ import annotations

from collections.abc import Iterable

from eventready_lab.device.dialect import Action, Dialect, Enable, Errors, Login, Paging
from eventready_lab.device.topology import stable_number
from eventready_lab.device.view import View
from eventready_lab.dialects.osmocom_bsc.effects import CONFIG, UNKNOWN
from eventready_lab.dialects.osmocom_bsc.stations import KINDS, Bts, bts_list

_HOUR_S = 3_600
_COPYRIGHT = """Copyright (C) 2008-2018 Harald Welte, Holger Freyther
Contributions by Daniel Willmann, Jan Lübbe, Stefan Schmidt
Dieter Spaar, Andreas Eversberg, Sylvain Munaut, Neels Hofmeyr
Copyright (C) 2013-2022 sysmocom - s.f.m.c. GmbH

License AGPLv3+: GNU AGPL version 3 or later <http://gnu.org/licenses/agpl-3.0.html>
This is free software: you are free to change and redistribute it.
There is NO WARRANTY, to the extent permitted by law."""

_STORED_AT = "/etc/osmocom/osmo-bsc.cfg"

_COUNTED = (*KINDS, "DYNAMIC/IPACCESS", "CCCH+SDCCH4+CBCH", "SDCCH8+CBCH", "DYNAMIC/OSMOCOM")

_FEATURES = (
    (1, "GPRS"),
    (2, "EGPRS"),
    (6, "OML Alerts"),
    (8, "CBCH"),
    (9, "Fullrate speech V1"),
    (10, "Halfrate speech V1"),
    (11, "Fullrate speech EFR"),
    (12, "Fullrate speech AMR"),
    (13, "Halfrate speech AMR"),
    (14, "ETWS Primary Notification via PCH"),
    (15, "BSS Paging Coordination"),
    (16, "NSVC IPv6"),
    (18, "Cell Change Notification (CCN)"),
    (20, "OsmoPCU over OML link IPA multiplex"),
    (22, "Dynamic Timeslot configuration as SDCCH8"),
    (27, "TW-TS-001 RTP format"),
)


def _stations(view: View) -> list[Bts]:
    return bts_list(view.state, view.configured)


def _bts(view: View) -> str:
    bts_list = _stations(view)
    wanted = view.match[1] if view.match.re.groups else None
    if wanted is None:
        return "\n".join(line for station in bts_list for line in _one_bts(view, station, len(bts_list)))
    if int(wanted) >= len(bts_list):
        return f"% can't find BTS '{wanted}'"
    return "\n".join(_one_bts(view, bts_list[int(wanted)], len(bts_list)))


def _one_bts(view: View, bts: Bts, count: int) -> Iterable[str]:
    number, cell = bts.number, bts.cell
    neighbours = [512 + 2 * other for other in range(min(count, 8)) if other != number] if bts.signalling else []
    listed = f" {' '.join(map(str, neighbours))} ({len(neighbours)})" if neighbours else " (none)"
    yield (
        f"BTS {number} is of osmo-bts type in band DCS1800, has CI {1000 + number} LAC {1 + number // 20}, "
        f"BSIC {number % 64} (NCC={number % 64 // 8}, BCC={number % 8}) and {bts.transceivers} TRX"
    )
    yield f"  Description: {cell.name}"
    yield f"  ARFCNs: {' '.join(str(512 + 2 * number + 100 * trx) for trx in range(bts.transceivers))}"
    yield "  BCCH carrier power reduction (maximum): 0 dB"
    yield f"  MS Max power: {bts.value('ms max power', '15')} dBm"
    yield "  Minimum Rx Level for Access: -110 dBm"
    yield f"  Cell Reselection Hysteresis: {bts.value('cell reselection hysteresis', '4')} dBm"
    yield f"  Access Control Class rotation allow mask: 0x{_allowed(bts):x}"
    yield from _ramping(bts)
    yield f"  RACH TX-Integer: {bts.value('rach tx integer', '9')}"
    yield f"  RACH Max transmissions: {bts.value('rach max transmission', '7')}"
    yield "  RACH Max Delay (Max Access Delay IE in CHANnel ReQuireD): 63"
    if cell.barred:
        yield "  CELL IS BARRED"
    yield "  Uplink DTX: not enabled"
    yield "  Downlink DTX: not enabled"
    yield "  Channel Description Attachment: yes"
    yield "  Channel Description BS-PA-MFRMS: 5"
    yield "  Channel Description BS-AG_BLKS-RES: 1"
    yield f"  System Information present: 0x000000{'7e' if bts.signalling else '00'}, static: 0x00000000"
    yield "  Early Classmark Sending: 2G forbidden, 3G allowed (forbidden by 2G bit)"
    yield f"  Unit ID: {1000 + number}/0/0, OML Stream ID 0xff"
    yield f"  NM State: {bts.nm_state}"
    manager = "Oper 'Enabled', Admin 'Locked', Avail 'OK'" if bts.managed else bts.nm_state
    yield f"  Site Mgr NM State: {manager}"
    yield "  GPRS: not configured"
    slots = (8 if bts.signalling else 16) if bts.managed else 0
    yield f"  Paging: 0 pending requests, {slots} free slots"
    addresses = f"(r=10.64.{number // 250}.{number % 250 + 1}:{37_000 + number}<->l=10.64.255.1:3002)"
    yield f"  OML Link: {addresses if bts.managed else ''}"
    yield f"  OML Link state: {bts.link}{_since(view) if bts.managed else ''}"
    yield f"  Neighbor Cells: Automatic, ARFCNs:{listed}"
    yield from _load(bts.channels())
    yield from _counters(view, bts)
    yield from _statistics(view, bts, slots)
    yield "  Features:"
    yield from (f"    {code:03d} {text:<40}" for code, text in _FEATURES) if bts.managed else ("    (not available)",)


def _allowed(bts: Bts) -> int:
    """Return the bit mask of permitted access classes 0 to 9; rotation limits their number."""
    closed = sum(1 << number for number in range(10) if f"rach access-control-class {number} barred" in bts.section)
    turn = bts.value("access-control-class-rotate", "10")
    return ~closed & ((1 << int(turn)) - 1 if turn.isdigit() else 0x3FF)


def _ramping(bts: Bts) -> Iterable[str]:
    name = "access-control-class-ramping"
    if name not in bts.section:
        yield "  Access Control Class ramping: not enabled"
        return
    step = bts.value(f"{name}-step-size", "1")
    yield "  Access Control Class ramping: enabled"
    yield f"  Access Control Class ramping step interval: {bts.value(f'{name}-step-interval', '5')} seconds"
    load = bts.value(f"{name}-chan-load", "71 89").replace(" ", ", ")
    yield f"  Access Control Class channel load thresholds: ({load})"
    yield f"  enabling {step} Access Control Class{'' if step == '1' else 'es'} per ramping step"


def _since(view: View) -> str:
    minutes, seconds = divmod(view.uptime_s, 60)
    hours, minutes = divmod(minutes, 60)
    return f" {hours // 24} days {hours % 24} hours {minutes} min. {seconds} sec."


def _load(channels: list[tuple[str, int, int]]) -> Iterable[str]:
    yield "  Current Channel Load:"
    for kind, used, total in channels:
        yield f"    {kind:>20}: {100 * used // total:3d}% ({used}/{total})"
    if not channels:
        yield "    (none)"


def _counters(view: View, bts: Bts) -> Iterable[str]:
    cell = bts.cell
    total = view.counter(f"{cell.name} requests", cell.requests, cell.request_rate * bts.serving)
    refused = view.counter(f"{cell.name} refused", cell.refused, cell.refused_rate * (bts.serving and bts.refuses))
    yield "  CBCH BASIC: 0 messages, 0 pages, 0-entry sched_arr, 0% load"
    yield "  CBCH EXTENDED: 0 messages, 0 pages, 0-entry sched_arr, 0% load"
    yield f"  Channel Requests        : {total} total, {refused} no channel"
    yield "  Channel Activations     :"
    traffic = (total - refused) // 3
    yield f"    TCH   {traffic}{_lifespan(view, cell.name + ' TCH', traffic, (18, 95))}"
    yield f"    SDCCH {total - refused - traffic}{_lifespan(view, cell.name + ' SDCCH', total - refused, (2, 9))}"
    yield "  Channel Failures        : 0 rf_failures, 0 rll failures"
    yield "  BTS failures            : 0 OML, 0 RSL"


def _lifespan(view: View, key: str, activations: int, seconds: tuple[int, int]) -> str:
    """Return the mean duration of activations, printed by OsmoBSC with statistics of a whole hour only."""
    if view.uptime_s < _HOUR_S or not activations:
        return ""
    return (
        f" (avg lifespan {stable_number(key, *seconds)}.{stable_number(key + ' ms', 0, 999):03d} seconds in last hour)"
    )


def _statistics(view: View, bts: Bts, slots: int) -> Iterable[str]:
    channels = {kind: (used, total) for kind, used, total in bts.channels()}
    taken = sum(used for used, _total in channels.values())
    there = sum(total for _used, total in channels.values())
    figures: list[tuple[str, int, str]] = [
        ("Seconds of uptime", view.uptime_s if bts.managed else 0, "s"),
        ("Channel load average", 100 * taken // there if there else 0, "%"),
    ]
    for kind in _COUNTED:
        used, total = channels.get(kind, (0, 0))
        figures += [(f"Number of {kind} channels used", used, ""), (f"Number of {kind} channels total", total, "")]
    figures += [
        ("T3122 IMMEDIATE ASSIGNMENT REJECT wait indicator", 10, "s"),
        ("RACH slots with signal above threshold", 0, "%"),
        ("RACH slots with access bursts in them", 0, "%"),
        ("Number of OML links connected", int(bts.managed), ""),
        ("Number of RSL links connected (same as num_trx:rsl_connected)", bts.signalling * bts.transceivers, ""),
        ("Number of lchans in the BORKEN state", 0, ""),
        ("Number of timeslots in the BORKEN state", 0, ""),
        ("Number of TRX in this BTS where RSL is up", bts.signalling * bts.transceivers, ""),
        ("Number of configured TRX in this BTS", bts.transceivers, ""),
        ("Paging Request queue length", 0, ""),
        ("Available paging slots in this BTS", slots, ""),
        ("T3113 paging timer", 0, "s"),
    ]
    yield "  base transceiver station:"
    yield from (f"   {name}: {value:8d} {unit}" for name, value, unit in figures)


def _brief(view: View) -> str:
    lines = []
    for bts in _stations(view):
        lines.append(f"BTS {bts.number}:  OML Link state: {bts.link}{_since(view) if bts.managed else ''}")
    return "\n".join(lines)


def _mscs(view: View) -> str:
    lines = []
    for number, connected in view.state.core_links.items():
        lines += [
            f"MSC {number}: RI=SSN_PC,PC=0.23.3,SSN=BSSAP <-> RI=SSN_PC,PC=0.23.1,SSN=BSSAP",
            "       ASP protocol: m3ua",
            f"       BSSMAP state: {'CONNECTED' if connected else 'DISCONNECTED'}",
        ]
    return "\n".join(lines)


def _network(view: View) -> str:
    bts_list = _stations(view)
    sums: dict[str, list[int]] = {}
    for kind, used, total in (figure for bts in bts_list for figure in bts.channels()):
        together = sums.setdefault(kind, [0, 0])
        together[0] += used
        together[1] += total
    network = (view.configured or {}).get("network", {})
    head = [
        f"BSC is on MCC-MNC 452-02 and has {len(bts_list)} BTS",
        "",
        "  Encryption: A5/0 A5/1",
        "  NECI (TCH/H): 1",
        "  Use TCH for Paging any: 0",
        f"  Handover: {'Off' if 'handover 0' in network else 'On'}",
    ]
    return "\n".join([*head, *_load([(kind, sums[kind][0], sums[kind][1]) for kind in KINDS if kind in sums])])


def _version(view: View) -> str:
    return f"OsmoBSC {view.state.version or '1.13.0'} (OsmoBSC).\n{_COPYRIGHT}\n"


def _running(view: View) -> str:
    return f"\nCurrent configuration:\n!\n!\n{view.running_text}"


def _startup(view: View) -> str:
    return f"!\n! OsmoBSC ({view.state.version or '1.13.0'}) configuration saved from vty\n!!\n!\n{view.startup_text}"


def _save(view: View) -> str:
    path = (view.match[1] if view.match.re.groups else None) or _STORED_AT
    if not view.save():
        return f"Can't open configuration file {path}."
    return f"Configuration saved to {path}"


def _drop(view: View) -> str:
    known = int(view.match[1]) < len(_stations(view))
    return "" if known else f"% BTS {view.match[1]} is not known."


_PRIVILEGED = ("enabled", "config", "net", "bts", "trx", "ts", "power", "msc", "bsc", "line", "log")

DIALECT = Dialect(
    platform="osmocom_bsc",
    transport="telnet",
    prompts={
        "exec": "{host}> ",
        "enabled": "{host}# ",
        "config": "{host}(config)# ",
        "net": "{host}(config-net)# ",
        "bts": "{host}(config-net-bts)# ",
        "trx": "{host}(config-net-bts-trx)# ",
        "ts": "{host}(config-net-bts-trx-ts)# ",
        "power": "{host}(config-power-ctrl)# ",
        "msc": "{host}(config-msc)# ",
        "bsc": "{host}(config-bsc)# ",
        "line": "{host}(config-line)# ",
        "log": "{host}(config-log)# ",
    },
    banner=f"Welcome to the OsmoBSC VTY interface\n\n{_COPYRIGHT}\n",
    login=Login(greeting="\nUser Access Verification\n\n", user="", failed=""),
    enable=Enable(denied="% Bad enable passwords, too many failures!"),
    paging=Paging(length={r"terminal length (\d+)": "", r"terminal no length": ""}),
    shows={
        "show version": _version,
        "show bts": _bts,
        "show bts brief": _brief,
        r"/show bts (\d+)/": _bts,
        r"/show bts \d+ fail-rep/": lambda _view: "No failure reports received.",
        "show mscs": _mscs,
        "show network": _network,
        "show rejected-bts": lambda _view: "No BTS has been rejected.",
        "show running-config": _running,
        "show startup-config": _startup,
    },
    enabled_only=("show running-config", "show startup-config"),
    errors=Errors(unknown=UNKNOWN, incomplete="% Command incomplete."),
    actions=(
        Action(r"write(?: memory)?|copy running-config startup-config", _save, modes=_PRIVILEGED),
        Action(r"write file(?: (\S+))?", _save, modes=_PRIVILEGED),
        Action(r"drop bts connection (\d+) (?:oml|rsl)", _drop, modes=_PRIVILEGED),
        Action(r"restart-bts (\d+)", _drop, modes=_PRIVILEGED),
    ),
    config=CONFIG,
    output_filters=False,
    quit_commands="exit|quit|logout",
    log_line="<0003> abis_rsl.c:1835 (bts=0) CHAN RQD: reason: Location updating (ra=0x0f, neci=0x01)",
    double_newline=True,
)
