"""The VTY of OsmoBSC 1.13; a test compares the form of every line with the real program.

A cell of the state is a `bts` described by the cell's name: OsmoBSC has no sites. A blocked cell has its transceivers
locked (`rf_locked 1`): its link is degraded, and it has no channels.
"""

from __future__ import annotations

from collections.abc import Iterable

from eventready_lab.device.dialect import Action, Dialect, Enable, Errors, Login, Paging
from eventready_lab.device.topology import stable_number
from eventready_lab.device.view import View
from eventready_lab.dialects._shared.templated import load_answers
from eventready_lab.dialects.osmocom_bsc.effects import CONFIG, GRAMMAR, UNKNOWN
from eventready_lab.dialects.osmocom_bsc.stations import KINDS, Bts, bts_list, connect

_COPYRIGHT = """Copyright (C) 2008-2018 Harald Welte, Holger Freyther
Contributions by Daniel Willmann, Jan Lübbe, Stefan Schmidt
Dieter Spaar, Andreas Eversberg, Sylvain Munaut, Neels Hofmeyr
Copyright (C) 2013-2022 sysmocom - s.f.m.c. GmbH

License AGPLv3+: GNU AGPL version 3 or later <http://gnu.org/licenses/agpl-3.0.html>
This is free software: you are free to change and redistribute it.
There is NO WARRANTY, to the extent permitted by law."""

_STORED_AT = "/etc/osmocom/osmo-bsc.cfg"


def _stations(view: View) -> list[Bts]:
    return bts_list(view.state, view.configured, view.connected if view.configured is not None else None)


def _all_channels(stations: Iterable[Bts]) -> list[tuple[str, int, int]]:
    """(kind, used, total) over all stations, in OsmoBSC's order."""
    figures = [figure for bts in stations for figure in bts.channels()]
    rows = ((kind, [figure for figure in figures if figure[0] == kind]) for kind in KINDS)
    return [(kind, sum(one[1] for one in row), sum(one[2] for one in row)) for kind, row in rows if row]


def _allowed(bts: Bts) -> int:
    """Return the bit mask of permitted access classes 0 to 9; rotation limits their number."""
    closed = sum(1 << number for number in range(10) if f"rach access-control-class {number} barred" in bts.section)
    turn = bts.value("access-control-class-rotate", "10")
    return ~closed & ((1 << int(turn)) - 1 if turn.isdigit() else 0x3FF)


def _save(view: View) -> str:
    path = (view.match[1] if view.match.re.groups else None) or _STORED_AT
    if not view.save():
        return f"Can't open configuration file {path}."
    return f"Configuration saved to {path}"


def _drop(view: View) -> str:
    """Drop the connection of a station, which connects anew at once; with OML the station reads its configuration."""
    number, stations = int(view.match[1]), _stations(view)
    if number >= len(stations):
        return f"% BTS {number} is not known."
    if view.configured is not None and not view.match[0].endswith(" rsl"):
        connect(stations[number], view.connected)
    return ""


def _resend(view: View) -> str:
    number, stations = int(view.match[1]), _stations(view)
    if number >= len(stations):
        return f"% BTS number must be between 0 and {len(stations)}. It was {number}."
    if not stations[number].signalling:
        return "% Filed to (re)generate System Information messages, check the logs"
    return ""


_PRIVILEGED = ("enabled", "config", "net", "bts", "trx", "ts", "power", "msc", "bsc", "line", "log")

DIALECT = Dialect(
    platform="osmocom_bsc",
    transport="telnet",
    prompts=GRAMMAR.prompts,
    banner=f"Welcome to the OsmoBSC VTY interface\n\n{_COPYRIGHT}\n",
    login=Login(greeting="\nUser Access Verification\n\n", user="", failed=""),
    enable=Enable(denied="% Bad enable passwords, too many failures!"),
    paging=Paging(length={r"terminal length (\d+)": "", r"terminal no length": ""}),
    shows=load_answers(
        "eventready_lab.dialects.osmocom_bsc", _stations, _all_channels, _allowed, stable_number, copyright=_COPYRIGHT
    ),
    enabled_only=("show running-config", "show startup-config"),
    errors=Errors(unknown=UNKNOWN, incomplete="% Command incomplete."),
    actions=(
        Action(r"write(?: memory)?|copy running-config startup-config", _save, modes=_PRIVILEGED),
        Action(r"write file(?: (\S+))?", _save, modes=_PRIVILEGED),
        Action(r"drop bts connection (\d+) (?:oml|rsl)", _drop, modes=_PRIVILEGED),
        Action(r"restart-bts (\d+)", _drop, modes=_PRIVILEGED),
        Action(r"bts (\d+) resend-system-information", _resend, modes=("enabled",)),
    ),
    config=CONFIG,
    output_filters=False,
    quit_commands="exit|quit|logout",
    log_line="<0003> abis_rsl.c:1835 (bts=0) CHAN RQD: reason: Location updating (ra=0x0f, neci=0x01)",
    double_newline=True,
)
