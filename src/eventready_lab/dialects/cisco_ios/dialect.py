"""An ISR 2900 with IOS 15.7: the configuration and most answers are those of IOS XE, the chassis has its own."""

from __future__ import annotations

from dataclasses import replace

from eventready_lab.device.view import View
from eventready_lab.dialects.cisco_xe import dialect as cisco_xe
from eventready_lab.dialects.cisco_xe import effects
from eventready_lab.dialects.cisco_xe.formats import long_duration

_WARM_C = 66


def _version(view: View) -> str:
    state = view.state
    model = state.model or "CISCO2911/K9"
    return f"""Cisco IOS Software, C2900 Software (C2900-UNIVERSALK9-M), Version {state.version or "15.7(3)M8"}, \
RELEASE SOFTWARE (fc1)
Technical Support: http://www.cisco.com/techsupport
Copyright (c) 1986-2020 by Cisco Systems, Inc.
Compiled Wed 12-Aug-20 08:30 by prod_rel_team

ROM: System Bootstrap, Version 15.0(1r)M16, RELEASE SOFTWARE (fc1)

{state.hostname or state.name} uptime is {long_duration(view.uptime_s)}
System returned to ROM by power-on
System image file is "flash0:c2900-universalk9-mz.SPA.157-3.M8.bin"
Last reload reason: Reload Command


Cisco {model} (revision 1.0) with 483328K/40960K bytes of memory.
Processor board ID FXS0000E002
{len(state.ports)} Gigabit Ethernet interfaces
DRAM configuration is 64 bits wide with parity enabled.
255K bytes of non-volatile configuration memory.

Configuration register is 0x2102
"""


def _environment(view: View) -> str:
    """`show environment all`, with a line per supply and fan."""
    state = view.state
    supplies = [f" Internal Power Supply 12V Output Status: {'Normal' if works else 'Failed'}" for works in state.psus]
    turning = ("OK, Low speed setting", "Failed, High speed setting")
    fans = [f" Fan {number} {turning[not works]}" for number, works in enumerate(state.fans, 1)]
    degrees = state.temperature_c
    return "\n".join(
        [
            " SYSTEM POWER SUPPLY STATUS",
            " ==========================",
            " Internal Power Supply Type: AC",
            *supplies,
            "",
            " SYSTEM FAN STATUS",
            " =================",
            *fans,
            "",
            " SYSTEM TEMPERATURE STATUS",
            " =========================",
            f" Intake Left(Bezel) temperature: {degrees} Celsius, {'Normal' if degrees < _WARM_C else 'Warning'}",
            f" CPU temperature: {degrees + 19} Celsius, Normal",
            "",
            " REAL TIME CLOCK BATTERY STATUS",
            " ==============================",
            " Battery OK (checked at power up)",
            "",
            " SYSTEM WATTAGE",
            " ===============",
            " Board Power consumption is: 41.3 W",
            " Total System Power consumption is: 61.4 W",
            " Environmental information last updated 00:00:08 ago",
        ]
    )


_OWN = {"show version": _version, "show environment all": _environment}
_CONFIG = cisco_xe.DIALECT.config
assert _CONFIG is not None  # noqa: S101  IOS XE has a configuration mode

DIALECT = replace(
    cisco_xe.DIALECT,
    platform="cisco_ios",
    shows={**{command: show for command, show in cisco_xe.DIALECT.shows.items() if "platform" not in command}, **_OWN},
    config=replace(_CONFIG, layout=effects.IosLayout(numbers=False)),
    variant=None,
)
