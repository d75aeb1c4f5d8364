"""A Huawei router or routing switch, in the layouts of the S series: VRP 5 (lines act at once) or VRP 8 (lines wait for
a commit), by the model, as `display version` shows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from eventready_lab.device.dialect import Action, Dialect, Errors, Paging, Render
from eventready_lab.device.state import DeviceState
from eventready_lab.device.view import View
from eventready_lab.dialects.huawei_vrp import effects, ports, routing, trial
from eventready_lab.dialects.huawei_vrp.release import vrp

_MEMORY_BYTES = 1_598_029_824
_HOTTEST_C = 63


def _version(view: View) -> str:
    state = view.state
    since = _uptime(view.uptime_s)
    kind = " Routing Switch" if state.role == "router" else ""
    return "\n".join(
        (
            "Huawei Versatile Routing Platform Software",
            f"VRP (R) software, Version {vrp(state).version} ({state.model or 'S6730-H48X6C'} {state.version})",
            "Copyright (C) 2000-2021 HUAWEI TECH Co., Ltd.",
            f"HUAWEI {state.model or 'S6730-H48X6C'}{kind} uptime is {since}",
            "",
            f"MPU 0(Master) : uptime is {since}",
            "DDR             Memory Size : 4096  M bytes",
            "FLASH Total     Memory Size : 1024  M bytes",
            "1. PCB      Version   : VER.B",
            "2. CPLD     Version   : 273",
        )
    )


def _uptime(seconds: int) -> str:
    parts = (
        (seconds // 604_800, "week"),
        (seconds // 86_400 % 7, "day"),
        (seconds // 3_600 % 24, "hour"),
        (seconds // 60 % 60, "minute"),
    )
    return ", ".join(f"{count} {word}{'s' if count > 1 else ''}" for count, word in parts)


def _clock(view: View) -> str:
    return f"{view.now:%Y-%m-%d %H:%M:%S%:z}\n{view.now:%A}\nTime Zone(ICT) : UTC+07:00"


def _cpu(view: View) -> str:
    used = view.state.cpu_percent
    tasks = (("VIDL", max(0, 100 - used), "DOPRA IDLE"), ("OS", used // 2, "Operation System"), ("SRMT", used // 4, ""))
    return "\n".join(
        [
            "CPU Usage Stat. Cycle: 60 (Second)",
            f"CPU Usage            : {used}% Max: {max(used, 61)}%",
            f"CPU Usage Stat. Time : {view.now:%Y-%m-%d  %H:%M:%S}",
            f"CPU utilization for five seconds: {used}%: one minute: {used}%: five minutes: {used}%",
            "Max CPU Usage Stat. Time : 2026-10-05 17:50:44.",
            "",
            "TaskName        CPU  Runtime(CPU Tick High/Tick Low)  Task Explanation",
            *(f"{name:<15}{share:>3}%         0/ 2d8bf7f       {words}" for name, share, words in tasks),
        ]
    )


def _memory(view: View) -> str:
    used = view.state.memory_percent
    return "\n".join(
        (
            f" Memory utilization statistics at {view.now:%Y-%m-%d %H:%M:%S%:z}",
            f" System Total Memory Is: {_MEMORY_BYTES} bytes",
            f" Total Memory Used Is: {_MEMORY_BYTES * used // 100} bytes",
            f" Memory Using Percentage Is: {used}%",
        )
    )


def _temperature(view: View) -> str:
    rule, now = "-" * 79, view.state.temperature_c
    word = "Normal" if now < _HOTTEST_C else "Abnormal"
    return "\n".join(
        (
            rule,
            " Slot  Card  Sensor Status    Current(C) Lower(C) Lower     Upper(C) Upper",
            "                                                  Resume(C)          Resume(C)",
            rule,
            f" 0     NA    NA     {word:<9} {now:<10} 0        4         {_HOTTEST_C:<8} {_HOTTEST_C - 4}",
        )
    )


def _power(view: View) -> str:
    rule = "-" * 60
    rows = [
        f" 0       PWR{number:<5} Present  AC     {'Supply' if good else 'NotSupply':<10} 600.00"
        for number, good in enumerate(view.state.psus, 1)
    ]
    return "\n".join([rule, " Slot    PowerID  Online   Mode   State      Power(W)", rule, *rows, rule])


def _fan(view: View) -> str:
    rule = "-" * 73
    rows = [
        f" 0     {number:<7} Present   {'Normal   30%' if good else 'Abnormal 0% '}       Auto     Side-to-Back"
        for number, good in enumerate(view.state.fans, 1)
    ]
    return "\n".join([rule, " Slot  FanID   Online    Status    Speed     Mode     Airflow", rule, *rows])


def _device(view: View) -> str:
    model = view.state.model or "S6730-H48X6C"
    rule = "-" * 79
    rows = [f"0    -    {model:<22} Present   PowerOn  Registered   Normal   Master"]
    for number, good in enumerate(view.state.psus, 1):
        power, word = ("PowerOn ", "Normal  ") if good else ("PowerOff", "Abnormal")
        rows.append(f"     PWR{number} {'PAC600S12-CB':<22} Present   {power} Registered   {word} NA")
    for number, good in enumerate(view.state.fans, 1):
        word = "Normal  " if good else "Abnormal"
        rows.append(f"     FAN{number} {'FAN-031A-B':<22} Present   PowerOn  Registered   {word} NA")
    heading = "Slot Sub  Type                   Online    Power    Register     Status   Role"
    return "\n".join([f"{model}'s Device status:", heading, rule, *rows])


def _storage(_view: View) -> str:
    return "\n".join(
        (
            "Directory of flash:/",
            "",
            "  Idx  Attr     Size(Byte)  Date        Time       FileName",
            "    0  -rw-         14,202  Apr 20 2022 07:00:11   vrpcfg.zip",
            "",
            "509,256 KB total (152,752 KB free)",
        )
    )


# --- system -----------------------------------------------------------------------------------------------------


def _ntp(view: View) -> str:
    good = view.state.ntp_synchronised
    return "\n".join(
        (
            f" clock status: {'synchronized' if good else 'unsynchronized'}",
            f" clock stratum: {2 if good else 16}",
            f" reference clock ID: {view.state.ntp_server if good else 'none'}",
            " nominal frequency: 100.0000 Hz",
            " actual frequency: 100.0000 Hz",
            " clock precision: 2^17",
            f" clock offset: {'0.4120' if good else '0.0000'} ms",
            f" root delay: {'3.21' if good else '0.00'} ms",
            f" root dispersion: {'11.40' if good else '0.00'} ms",
            f" peer dispersion: {'10.94' if good else '0.00'} ms",
            f" reference time: {view.now:%H:%M:%S}.259 UTC {view.now:%b %d %Y}(C6179088.426490A3)",
            f" synchronization state: {'clock synchronized' if good else 'clock not set'}",
        )
    )


SHOWS: dict[str, Render] = {
    "display version": _version,
    "display clock": _clock,
    "display cpu-usage": _cpu,
    "display memory-usage": _memory,
    "display temperature all": _temperature,
    "display power": _power,
    "display fan": _fan,
    "display device": _device,
    "display interface brief": ports.brief,
    r"/display interface(?: (?P<port>\S+(?: [\d/.]+)?))?/": ports.interfaces,
    "display transceiver verbose": ports.transceivers,
    "display eth-trunk": ports.trunks,
    "display lldp neighbor": ports.neighbours,
    "display ospf peer brief": routing.ospf,
    "display isis peer": routing.isis,
    "display bgp peer": routing.bgp,
    "display bgp vpnv4 all peer": lambda _: "",  # no VPN instances
    "display bfd session all": routing.bfd,
    "display vrrp": routing.vrrp_groups,
    "display vrrp brief": routing.vrrp,
    r"/display ip routing-table(?: (?P<address>\d+\.\d+\.\d+\.\d+))?/": routing.routes,
    r"/display ip routing-table (?P<address>\d+\.\d+\.\d+\.\d+) verbose/": routing.route,
    "display ntp status": _ntp,
    "display current-configuration": effects.running,
    "display saved-configuration": effects.saved,
    "compare configuration": effects.compared,
    "dir": _storage,
}

_SECTIONS: Sequence[str] = sorted({section.mode for section in effects.CONFIG.grammar.sections})
_SAVE_5 = "The current configuration will be written to the device.\nAre you sure to continue?[Y/N]:"
_SAVE_8 = "Warning: The current configuration will be written to the device. Continue? [Y/N]:"


def _on(state: DeviceState) -> Dialect:
    """The dialect of VRP 8 for models with VRP 8."""
    system = vrp(state)
    if not system.two_stage:
        return replace(DIALECT, config=replace(effects.CONFIG, layout=effects.layout(state.version)))
    return replace(
        DIALECT,
        shows={**SHOWS, "display configuration trial status": trial.status},
        actions=(_saving(effects.save_8, _SAVE_8), trial.abort(("config", *_SECTIONS), system)),
        config=replace(trial.two_stage(effects.CONFIG, system), layout=effects.layout(state.version)),
    )


def _saving(save: Callable[[View], str], question: str) -> Action:
    return Action(
        r"save(?: force)?", save, question=question, declined="Error: The save operation is cancelled.", modes=("exec",)
    )


DIALECT = Dialect(
    platform="huawei_vrp",
    prompts={"exec": "<{host}>", "config": "[{mark}{host}]"} | dict.fromkeys(_SECTIONS, "[{mark}{host}-{section}]"),
    shows=SHOWS,
    errors=Errors(
        unknown="{caret}\nError: Unrecognized command found at '^' position.",
        incomplete="Error: Incomplete command found at '^' position.",
        lines_in_use="Error: All user interfaces are used, please try later.",
    ),
    banner="\nInfo: The max number of VTY users is 5, and the number\n      of current VTY users on line is 1.\n",
    paging=Paging(
        mark="  ---- More ----",
        erase="\x1b[42D" + " " * 42 + "\x1b[42D",
        length={
            r"screen-length (\d+) temporary": "Info: The configuration takes effect on the current user terminal "
            "interface only."
        },
    ),
    config=effects.CONFIG,
    actions=(_saving(effects.save, _SAVE_5),),
    settings={r"screen-width \d+": ""},
    quit_commands="quit",
    sessions=5,
    log_line="{now:%b %d %Y %H:%M:%S}+07:00 {host} %%01IFNET/4/LINK_STATE(l)[12]:The line protocol IP on the interface "
    "XGigabitEthernet0/0/9 has entered the UP state.",
    variant=_on,
)
