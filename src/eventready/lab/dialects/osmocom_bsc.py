"""OsmoBSC 1.13's VTY. Every line has the form of the real program's, which the test holds it against.

One cell of the state is one `bts`, with the name of the cell for description: OsmoBSC knows no sites. A blocked cell
is one whose transceivers are switched off (`rf_locked 1`): its link is degraded then, and it has no channels.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from eventready.lab.configuration import Grammar, Layout, Section, Tree
from eventready.lab.dialect import Action, ConfigMode, Dialect, Enable, Errors, Login, Paging, View
from eventready.lab.state import CellState, DeviceState

_COPYRIGHT = """Copyright (C) 2008-2018 Harald Welte, Holger Freyther
Contributions by Daniel Willmann, Jan Lübbe, Stefan Schmidt
Dieter Spaar, Andreas Eversberg, Sylvain Munaut, Neels Hofmeyr
Copyright (C) 2013-2022 sysmocom - s.f.m.c. GmbH

License AGPLv3+: GNU AGPL version 3 or later <http://gnu.org/licenses/agpl-3.0.html>
This is free software: you are free to change and redistribute it.
There is NO WARRANTY, to the extent permitted by law."""

_STORED_AT = "/etc/osmocom/osmo-bsc.cfg"

#: Kinds of timeslot in the order in which OsmoBSC lists them, and what is counted even where there is none.
_KINDS = ("CCCH+SDCCH4", "TCH/F", "TCH/H", "SDCCH8")
_COUNTED = (*_KINDS, "DYNAMIC/IPACCESS", "CCCH+SDCCH4+CBCH", "SDCCH8+CBCH", "DYNAMIC/OSMOCOM")

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


@dataclass(frozen=True)
class _Bts:
    """A cell with what its site's link makes of it. `managed`: OML stands; `signalling`: RSL stands."""

    number: int
    cell: CellState
    managed: bool
    signalling: bool

    @property
    def link(self) -> str:
        if not self.managed:
            return "disconnected"
        return "connected" if self.signalling and not self.cell.blocked else "degraded"

    @property
    def nm_state(self) -> str:
        if not self.managed:
            return "Oper 'NULL', Admin 'Locked', Avail 'Power off'"
        if not self.cell.up:
            return "Oper 'Disabled', Admin 'Unlocked', Avail 'Off line'"
        return "Oper 'Enabled', Admin 'Unlocked', Avail 'OK'"

    @property
    def serving(self) -> bool:
        """True when people can get a channel."""
        return self.signalling and self.cell.up and not self.cell.blocked

    @property
    def timeslots(self) -> list[str]:
        """What each timeslot is configured as, eight to a transceiver; the first carries the beacon."""
        counts = {kind: self.cell.channels.get(kind, (0, 0))[1] for kind in _KINDS}
        slots = ["CCCH+SDCCH4" if counts["CCCH+SDCCH4"] else "CCCH"]
        slots += ["SDCCH8"] * -(-counts["SDCCH8"] // 8)
        slots += ["TCH/F"] * counts["TCH/F"] + ["TCH/H"] * -(-counts["TCH/H"] // 2)
        return slots + ["NONE"] * (-len(slots) % 8)

    @property
    def transceivers(self) -> int:
        return len(self.timeslots) // 8

    def channels(self) -> list[tuple[str, int, int]]:
        """(kind, used, total) of the kinds there are; none where the cell's transceivers are off."""
        if not self.managed or (self.signalling and self.cell.blocked):
            return []
        figures = ((kind, *self.cell.channels.get(kind, (0, 0))) for kind in _KINDS)
        return [(kind, used if self.serving else 0, total) for kind, used, total in figures if total]


def _stations(state: DeviceState) -> list[_Bts]:
    """The state's cells as OsmoBSC numbers them; a site without a cell is a bts like any other."""
    links = {site.name: site.link for site in state.sites}
    alone = [site for site in state.sites if all(site.name not in (cell.site, cell.name) for cell in state.cells)]
    cells = [*state.cells, *(CellState(site.number, site.name, site.name) for site in alone)]
    linked = [links.get(cell.site, links.get(cell.name, "up")) for cell in cells]
    return [
        _Bts(number, cell, managed=link != "down", signalling=link == "up")
        for number, (cell, link) in enumerate(zip(cells, linked, strict=True))
    ]


def _bts(view: View) -> str:
    stations = _stations(view.state)
    wanted = view.match[1] if view.match.re.groups else None
    if wanted is None:
        return "\n".join(line for station in stations for line in _one_bts(view, station, len(stations)))
    if int(wanted) >= len(stations):
        return f"% can't find BTS '{wanted}'"
    return "\n".join(_one_bts(view, stations[int(wanted)], len(stations)))


def _one_bts(view: View, bts: _Bts, count: int) -> Iterable[str]:
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
    yield "  MS Max power: 15 dBm"
    yield "  Minimum Rx Level for Access: -110 dBm"
    yield "  Cell Reselection Hysteresis: 4 dBm"
    yield "  Access Control Class rotation allow mask: 0x3ff"
    yield "  Access Control Class ramping: not enabled"
    yield "  RACH TX-Integer: 9"
    yield "  RACH Max transmissions: 7"
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


def _counters(view: View, bts: _Bts) -> Iterable[str]:
    cell = bts.cell
    total = view.counter(f"{cell.name} requests", cell.requests, cell.request_rate * bts.serving)
    refused = view.counter(f"{cell.name} refused", cell.refused, cell.refused_rate * bts.serving)
    yield "  CBCH BASIC: 0 messages, 0 pages, 0-entry sched_arr, 0% load"
    yield "  CBCH EXTENDED: 0 messages, 0 pages, 0-entry sched_arr, 0% load"
    yield f"  Channel Requests        : {total} total, {refused} no channel"
    yield "  Channel Activations     :"
    yield f"    TCH   {(total - refused) // 3}"
    yield f"    SDCCH {total - refused - (total - refused) // 3}"
    yield "  Channel Failures        : 0 rf_failures, 0 rll failures"
    yield "  BTS failures            : 0 OML, 0 RSL"


def _statistics(view: View, bts: _Bts, slots: int) -> Iterable[str]:
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
    for bts in _stations(view.state):
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
    stations = _stations(view.state)
    sums: dict[str, list[int]] = {}
    for kind, used, total in (figure for bts in stations for figure in bts.channels()):
        together = sums.setdefault(kind, [0, 0])
        together[0] += used
        together[1] += total
    head = [
        f"BSC is on MCC-MNC 452-02 and has {len(stations)} BTS",
        "",
        "  Encryption: A5/0 A5/1",
        "  NECI (TCH/H): 1",
        "  Use TCH for Paging any: 0",
        "  Handover: On",
    ]
    return "\n".join([*head, *_load([(kind, sums[kind][0], sums[kind][1]) for kind in _KINDS if kind in sums])])


def _version(view: View) -> str:
    return f"OsmoBSC {view.state.version or '1.13.0'} (OsmoBSC).\n{_COPYRIGHT}\n"


def _initial(state: DeviceState) -> str:
    """The running configuration of a healthy controller, as its VTY prints it."""
    lines = ["log stderr", " logging color 0", "line vty", " login", "network", " network country code 452"]
    lines += [" mobile network code 02", " encryption a5 0 1", " neci 1", " handover 1", " handover algorithm 1"]
    for bts in _stations(state):
        lines += [f" bts {bts.number}", "  type osmo-bts", f"  description {bts.cell.name}", "  band DCS1800"]
        lines += [f"  cell_identity {1000 + bts.number}", f"  base_station_id_code {bts.number % 64}"]
        lines += ["  ms max power 15", "  cell barred 1"] if bts.cell.barred else ["  ms max power 15"]
        lines += ["  rach tx integer 9", "  rach max transmission 7", f"  ipa unit-id {1000 + bts.number} 0"]
        for slot, kind in enumerate(bts.timeslots):
            if slot % 8 == 0:
                lines += [f"  trx {slot // 8}", f"   rf_locked {int(bts.cell.blocked)}"]
                lines += [f"   arfcn {512 + 2 * bts.number + 100 * (slot // 8)}", "   nominal power 23"]
            lines += [f"   timeslot {slot % 8}", f"    phys_chan_config {kind}", "    hopping enabled 0"]
    for number in state.core_links:
        lines += [f"msc {number}", " allow-emergency allow", " asp-protocol m3ua"]
    return "\n".join(lines)


def _applied(state: DeviceState, running: Tree) -> None:
    """What the configuration says of barring and of switched-off transceivers becomes true."""
    network = running.get("network", {})
    for bts in _stations(state):
        section = network.get(f"bts {bts.number}")
        if section is not None:
            bts.cell.barred = "cell barred 1" in section
            carriers = [beneath for line, beneath in section.items() if line.startswith("trx ")]
            bts.cell.blocked = bool(carriers) and all("rf_locked 1" in beneath for beneath in carriers)


def _running(view: View) -> str:
    return f"\nCurrent configuration:\n!\n!\n{view.running_text}"


def _startup(view: View) -> str:
    return f"!\n! OsmoBSC ({view.state.version or '1.13.0'}) configuration saved from vty\n!!\n!\n{view.startup_text}"


def _save(view: View) -> str:
    view.config.save()
    path = view.match[1] if view.match.re.groups else None
    return f"Configuration saved to {path or _STORED_AT}"


def _drop(view: View) -> str:
    known = int(view.match[1]) < len(_stations(view.state))
    return "" if known else f"% BTS {view.match[1]} is not known."


_NETWORK = (
    r"network country code \d{1,3}$|mobile network code \d{1,3}$|short name |long name |encryption |neci [01]$|paging "
    r"|handover\d? |handover [01]$|timer |dyn_ts_allow_tch_f [01]$|mgw |timezone |periodic location update"
)
_BTS = (
    r"type |description \S|band |cell_identity \d{1,5}$|location_area_code |base_station_id_code \d{1,2}$"
    r"|ms max power (?:[0-9]|[1-3]\d|40)$|cell |rach (?:tx integer|max transmission|max-delay|expiry-timeout) \d+$"
    r"|rach access-control-class (?:\d|1[1-5]) (?:barred|allowed)$|rach emergency call allowed [01]$|rach nm "
    r"|access-control-class-r|ipa |oml |neighbor|codec-support |amr |gprs |handover|channel |rxlev |radio-link"
    r"|early-classmark|dtx |ms-power|bs-power"
)

_PRIVILEGED = ("enabled", "config", "net", "bts", "trx", "ts", "msc", "line", "log")

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
        "msc": "{host}(config-msc)# ",
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
    errors=Errors(unknown="% Unknown command.", incomplete="% Command incomplete."),
    actions=(
        Action(r"write(?: memory)?|copy running-config startup-config", _save, modes=_PRIVILEGED),
        Action(r"write file(?: (\S+))?", _save, modes=_PRIVILEGED),
        Action(r"drop bts connection (\d+) (?:oml|rsl)", _drop, modes=_PRIVILEGED),
        Action(r"restart-bts (\d+)", _drop, modes=_PRIVILEGED),
    ),
    config=ConfigMode(
        initial=_initial,
        grammar=Grammar(
            sections=(
                Section("network", "net"),
                Section(r"bts \d+", "bts", "net"),
                Section(r"trx \d+", "trx", "bts"),
                Section(r"timeslot [0-7]", "ts", "trx"),
                Section(r"msc \d+", "msc"),
                Section("line vty", "line"),
                Section(r"log (?:stderr|syslog \w+|gsmtap(?: \S+)?)", "log"),
            ),
            accepts={
                "config": (r"log |hostname |password |enable password |stats |cs7 ",),
                "net": (_NETWORK,),
                "bts": (_BTS,),
                "trx": (r"rf_locked [01]$|arfcn \d{1,4}$|nominal power \d+$|max_power_red \d+$|rsl ",),
                "ts": (r"phys_chan_config [A-Z]\S*$|hopping |training_sequence_code \d$",),
                "msc": (r"\S+ ",),
                "line": (r"login$|bind |exec-timeout ",),
                "log": (r"logging ",),
            },
            single=(
                *(r"description", r"band", r"type", r"cell_identity", r"base_station_id_code", r"ms max power"),
                *(r"cell barred", r"cell reselection hysteresis", r"cell reselection offset", r"rach tx integer"),
                *(r"rach max transmission", r"rach access-control-class \d+", r"rach emergency call allowed"),
                *(
                    r"rf_locked",
                    r"arfcn",
                    r"phys_chan_config",
                    r"hopping enabled",
                    r"handover algorithm",
                    r"handover \d",
                ),
                *(r"neci", r"encryption a5", r"allow-emergency", r"asp-protocol", r"access-control-class-rotate"),
            ),
            defaults=(r"cell barred 0", r"rach access-control-class \d+ allowed"),
        ),
        layout=Layout(separator=""),
        enter=r"configure(?: terminal)?|conf(?: t)?",
        entered="",
        show_prefix="",
        applied=_applied,
    ),
    pipes=False,
    quits="exit|quit|logout",
    log_line="<0003> abis_rsl.c:1835 (bts=0) CHAN RQD: reason: Location updating (ra=0x0f, neci=0x01)",
    double_newline=True,
)
