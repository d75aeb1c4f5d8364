"""Answers of an ASR 1000 about itself: version, load, environment, clock."""

from __future__ import annotations

from eventready_lab.device.state import DeviceState
from eventready_lab.device.view import View
from eventready_lab.dialects.cisco_xe.formats import long_duration, short_duration

_MEMORY = 3_975_085_008
#: Minor, major, critical and shutdown threshold of the inlet temperature in °C.
_INLET = (56, 66, 76, 80)
_NOTICE = """Cisco IOS-XE software, Copyright (c) 2005-2023 by cisco Systems, Inc.
All rights reserved.  Certain components of Cisco IOS-XE software are
licensed under the GNU General Public License ("GPL") Version 2.0.  The
software code licensed under GPL Version 2.0 is free software that comes
with ABSOLUTELY NO WARRANTY.  You can redistribute and/or modify such
GPL code under the terms of GPL Version 2.0.  For more details, see the
documentation or "License Notice" file accompanying the IOS-XE software,
or the applicable URL provided on the flyer accompanying the IOS-XE
software.
"""
_PROCESSES = (
    (1, 12, 214, "Chunk Manager"),
    (2, 4_812, 691_203, "Load Meter"),
    (4, 30_112, 4_022, "RF Slave Main Th"),
    (91, 88_120, 1_204_331, "ARP Input"),
    (184, 210_334, 9_112_020, "IOSD ipc task"),
    (301, 91_242, 3_120_441, "OSPF-1 Hello"),
    (388, 181_020, 2_004_120, "BGP Router"),
)


def _host(state: DeviceState) -> str:
    return state.hostname or state.name


def _rebuild(version: str) -> str:
    """`17.9.4a` for `17.09.04a`."""
    return ".".join(part.lstrip("0") or "0" for part in version.split("."))


def version(view: View) -> str:
    """`show version`."""
    state, up = view.state, long_duration(view.uptime_s)
    model = state.model or "ASR1001-X"
    numbered = state.version or "17.09.04a"
    family = "C9800" if model.startswith("C9800") else "ASR1000"
    ports = sum(1 for name in state.ports if name.startswith("TenGig"))
    return f"""Cisco IOS XE Software, Version {numbered}
Cisco IOS Software [Cupertino], {family} Software (X86_64_LINUX_IOSD-UNIVERSALK9-M), Version {_rebuild(numbered)}, \
RELEASE SOFTWARE (fc3)
Technical Support: http://www.cisco.com/techsupport
Copyright (c) 1986-2023 by Cisco Systems, Inc.
Compiled Fri 20-Oct-23 10:39 by mcpre


{_NOTICE}

ROM: 16.9(4r)

{_host(state)} uptime is {up}
Uptime for this control processor is {up}
System returned to ROM by Reload Command
System image file is "bootflash:packages.conf"
Last reload reason: Reload Command


cisco {model} (1NG) processor (revision 1NG) with {_MEMORY // 1024}K/6147K bytes of memory.
Processor board ID FXS0000E{ports:03}
Router operating mode: Autonomous
{ports} Ten Gigabit Ethernet interfaces
32768K bytes of non-volatile configuration memory.
8388608K bytes of physical memory.
6676479K bytes of eUSB flash at bootflash:.

Configuration register is 0x2102
"""


def processes_cpu(view: View) -> str:
    """`show processes cpu`: the load of the state, above a fixed table of processes."""
    load = view.state.cpu_percent
    lines = [
        f"CPU utilization for five seconds: {load}%/{load // 8}%; one minute: {load}%; five minutes: {load}%",
        " PID Runtime(ms)     Invoked      uSecs   5Sec   1Min   5Min TTY Process ",
    ]
    for pid, runtime, invoked, name in _PROCESSES:
        each = runtime * 1000 // invoked
        lines.append(f"{pid:>4} {runtime:>11} {invoked:>11} {each:>10}  0.07%  0.03%  0.02%   0 {name:<17}")
    return "\n".join(lines)


def processes_memory(view: View) -> str:
    """`show processes memory sorted`."""
    used = _MEMORY * view.state.memory_percent // 100
    pools = (("Processor", _MEMORY, used), ("reserve P", 102_404, 92), (" lsmpi_io", 3_149_400, 3_148_568))
    lines = [f"{name} Pool Total: {size:>10} Used: {taken:>10} Free: {size - taken:>10}" for name, size, taken in pools]
    lines += ["", " PID TTY  Allocated      Freed    Holding    Getbufs    Retbufs Process"]
    for pid, runtime, invoked, name in _PROCESSES:
        held = runtime * 91
        lines.append(f"{pid:>4}   0 {held + invoked:>10} {invoked:>10} {held:>10}          0          0 {name:<16}")
    return "\n".join(lines)


def _temperature_state(degrees: int) -> str:
    minor, major, critical, _ = _INLET
    if degrees >= critical:
        return "Critical"
    return "Major" if degrees >= major else "Minor" if degrees >= minor else "Normal"


def environment(view: View) -> str:
    """`show environment all`; a failed supply has no readings, a failed fan has Fan Speed 0%."""
    state = view.state
    rows: list[tuple[str, str, str, str, str]] = []
    for number, works in enumerate(state.psus):
        if works:
            rows += [
                ("PEM Iout", f"P{number}", "Normal", "5 A", "na"),
                ("PEM Vout", f"P{number}", "Normal", "12 V DC", "na"),
                ("PEM Vin", f"P{number}", "Normal", "226 V AC", "na"),
            ]
    for number, turns in enumerate(state.fans):
        speed = "Fan Speed 65%" if turns else "Fan Speed 0%"
        rows.append(("Temp: FC", f"P{number}", speed, f"{state.temperature_c - 4} Celsius", "(25 ,35 ,0)(Celsius)"))
    limits = "({} ,{} ,{} ,{} )(Celsius)".format(*_INLET)
    inlet, cpu = state.temperature_c, state.temperature_c + 9
    rows += [
        ("V1: 12v", "R0", "Normal", "11894 mV", "na"),
        ("V1: VDD", "R0", "Normal", "3281 mV", "na"),
        ("Temp: Inlet", "R0", _temperature_state(inlet), f"{inlet} Celsius", limits),
        ("Temp: CPP Die", "R0", "Normal", f"{cpu} Celsius", "(100,110,120,125)(Celsius)"),
    ]
    columns = ("Sensor", 16), ("Location", 17), ("State", 14), ("Reading", 17)
    heading = " " + " ".join(f"{name:<{wide}}" for name, wide in columns) + " Threshold(Minor,Major,Critical,Shutdown)"
    lines = ["Sensor List:  Environmental Monitoring ", heading]
    lines += [f" {name:<16} {where:<17} {word:<17} {value:<16}\t{limit}" for name, where, word, value, limit in rows]
    return "\n".join([*lines, ""])


def platform(view: View) -> str:
    """`show platform`."""
    state, since = view.state, short_duration(view.uptime_s)
    model = state.model or "ASR1001-X"
    rows = [
        ("0", model, "ok"),
        (" 0/0", "BUILT-IN-2T+6X1GE", "ok"),
        ("R0", model, "ok, active"),
        ("F0", model, "ok, active"),
        *((f"P{number}", "ASR1001-X-PWR-AC", "ok" if works else "ps, fail") for number, works in enumerate(state.psus)),
    ]
    lines = [
        f"Chassis type: {model:<20}",
        "",
        "Slot      Type                State                 Insert time (ago) ",
        "--------- ------------------- --------------------- ----------------- ",
        *(f"{slot:<9} {kind:<19} {word:<21} {since:<17} " for slot, kind, word in rows),
        "",
        "Slot      CPLD Version        Firmware Version                        ",
        "--------- ------------------- --------------------------------------- ",
        *(f"{slot:<9} {'14041015':<19} {'16.9(4r)':<39} " for slot in ("0", "R0", "F0")),
    ]
    return "\n".join([*lines, ""])


def ntp_status(view: View) -> str:
    """`show ntp status`."""
    state = view.state
    if state.ntp_synchronised:
        first = f"Clock is synchronized, stratum 3, reference is {state.ntp_server:<15}"
        when, offset = f"{view.now:%H:%M:%S}.543 ICT {view.now:%a %b %-d %Y}", "-0.4123"
        loop, last = "'CTRL' (Normal Controlled Loop), drift is 0.000005989 s/s", "last update was 88 sec ago."
    else:
        first = "Clock is unsynchronized, stratum 16, no reference clock"
        when, offset = "07:00:00.000 ICT Mon Jan 1 1900", "0.0000"
        loop, last = "'FSET' (Drift set from file), drift is 0.000005989 s/s", "never updated."
    return f"""{first}
nominal freq is 250.0000 Hz, actual freq is 249.9985 Hz, precision is 2**10
ntp uptime is {view.uptime_s * 100} (1/100 of seconds), resolution is 4016
reference time is E610F9A8.8B020DC8 ({when})
clock offset is {offset} msec, root delay is 1.23 msec
root dispersion is 10.31 msec, peer dispersion is 2.20 msec
loopfilter state is {loop}
system poll interval is 64, {last}"""


def clock(view: View) -> str:
    """`show clock`, with a mark while unsynchronised."""
    mark = "" if view.state.ntp_synchronised else "*"
    return f"{mark}{view.now:%H:%M:%S}.{view.now.microsecond // 1000:03} ICT {view.now:%a %b %-d %Y}"


def file_systems(_view: View) -> str:
    """`show file systems`."""
    return (
        "File Systems:\n\n       Size(b)       Free(b)      Type  Flags  Prefixes\n"
        "             -             -    opaque     rw   system:\n"
        "             -             -    opaque     rw   tmpsys:\n"
        "*   7527329792    5863702528      disk     rw   bootflash:\n"
        "      33554432      33546195     nvram     rw   nvram:"
    )


def inventory(view: View) -> str:
    """`show inventory`."""
    model = view.state.model or "ASR1001-X"
    parts = [("Chassis", f"Cisco {model} Chassis", model)]
    for number in range(len(view.state.psus)):
        parts.append((f"Power Supply Module {number}", "Cisco AC Power Supply", "ASR1001-X-PWR-AC"))
    return "\n\n".join(
        f'NAME: "{name}", DESCR: "{what}"\nPID: {pid:<18}, VID: V04  , SN: FXS0000{number:04}'
        for number, (name, what, pid) in enumerate(parts)
    )
