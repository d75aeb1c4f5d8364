"""MML reports of a Huawei eNodeB, directly or through its element manager."""

from __future__ import annotations

from eventready_lab.device.dialect import Dialect, MmlReport
from eventready_lab.device.state import CellState
from eventready_lab.device.view import View
from eventready_lab.dialects.huawei_mml.objects import (
    CONFIG,
    ENODEB,
    ConfigurationObject,
    Parameter,
    commands,
    flags,
    number,
    on_or_off,
)
from eventready_lab.dialects.huawei_mml.reports import UNKNOWN, UNSOLICITED, alarms, table, yes

_CELL = (
    *("Local Cell ID", "Cell Name", "Cell instance state", "Reason For Latest State Change"),
    *("Operation Time which Cause Last Cell Setup", "Operation Type which Cause Last Cell Setup"),
    *("Operation Time which Cause Last Cell Tear Down", "Operation Type which Cause Last Cell Tear Down"),
    *("Cell power save state", "Symbol shutdown state", "Primary BBP information", "Cell topology structure"),
    "Maximum transmit power(0.1dBm)",
)
_S1 = (
    *("S1 Interface ID", "S1 Interface CP Bearer ID", "CN Operator ID", "MME Release", "S1 Interface Is Blocked"),
    *("S1 Interface State Information", "S1 Interface SCTP Link State", "MME Is Overloaded", "Number of Accessed UEs"),
    "MME Name",
)
_BOARD = (
    *("Cabinet No.", "Subrack No.", "Slot No.", "Board Type", "Administrative State", "Operational State"),
    *("Alarm State", "Availability State"),
)


def _cells(view: View) -> str | MmlReport:
    return table("Display dynamic parameters of cells", _CELL, [_cell(cell) for cell in view.state.cells])


def _cell(cell: CellState) -> list[str]:
    state, reason, board = "Normal", "Cell setup succeeded", "0-0-3"
    if cell.blocked:
        state, reason, board = "Not setup", "Cell is blocked", "NULL"
    elif not cell.up:
        state, reason, board = "Not setup", "No usable RRU resource", "NULL"
    setup = ("2022-04-02 13:38:52", "Cell health check", "2022-04-02 13:38:43", "Cell setup failed")
    return [
        str(cell.number),
        cell.name,
        state,
        reason,
        *setup,
        "Not started",
        "Not started",
        board,
        "Basic mode",
        "460",
    ]


def _s1(view: View) -> str | MmlReport:
    rows, users = [], sum(cell.users for cell in view.state.cells)
    for at, (name, up) in enumerate(view.state.core_links.items()):
        word = "Normal" if up else "Abnormal"
        link = "Normal" if up else "Fault"
        rows.append([name, str(70 + at), "0", "Release 10", "No", word, link, yes(0), str(users if up else 0)])
        rows[-1].append(f"MME-{at + 1:02d}")
    return table("Display S1 Interface State", _S1, rows)


def _boards(view: View) -> str | MmlReport:
    state = view.state
    boards = [(3, "UBBPd6", True), (7, "UMPTb1", True)]
    boards += [(16 + at, "FAN", good) for at, good in enumerate(state.fans[:1])]
    boards += [(18 + at, "UPEUc", good) for at, good in enumerate(state.psus)]
    rows = [
        ["0", "0", str(slot), kind, "Unblocked", *(("Enabled", "Normal", "Normal") if good else _BROKEN)]
        for slot, kind, good in boards
    ]
    return table("Display Board Status", _BOARD, rows)


_BROKEN = ("Disabled", "Major", "Faulty")

_CONFIGURED = {"NOT_CFG": "Not configured", "CFG": "Configured"}

#: The configuration objects of every cell.
OBJECTS = (
    ConfigurationObject(
        "CELLALGOSWITCH",
        "Cell Algorithm Switch",
        {
            "MLBALGOSWITCH": flags(
                "Load balancing algorithm switch",
                "IntraFreqMlbSwitch InterFreqMlbSwitch InterRatMlbSwitch InterFreqIdleMlbSwitch",
            ),
            "ACBARALGOSWITCH": flags("Access class barring algorithm switch", "StaticAcBarSwitch DynAcBarSwitch"),
        },
    ),
    ConfigurationObject(
        "CELLMLB",
        "Cell Mobility Load Balancing",
        {
            "INTERFREQMLBTHD": number("Inter-frequency mobility load balance threshold(%)", 1, 99, 70, 75, 80),
            "LOADOFFSET": number("Load Offset(%)", 0, 50, 8),
            "LOADDIFFTHD": number("Load Difference Threshold(%)", 1, 99, 15),
            "MLBMINUENUMTHD": number("Mobility load balance minimum UE number threshold", 0, 1000, 80, 100),
        },
    ),
    ConfigurationObject(
        "CELLRESEL",
        "Cell Reselection Information",
        {
            "QHYST": number("Hysteresis value for cell reselection(dB)", 0, 24, 2, 4),
            "SNONINTRASEARCH": number("Threshold for non-intra frequency measurements(2dB)", 0, 31, 4, 5),
            "CELLRESELPRIORITY": number("Cell reselection priority", 0, 7, 5),
        },
    ),
    ConfigurationObject(
        "CELLACBAR",
        "Cell Access Class Barring",
        {
            "ACBARRINGINFOCFGIND": Parameter(
                "AC barring information configure indicator", ("NOT_CFG",), words=_CONFIGURED
            ),
            "ACBARRINGFACTORFORMOSIG": number("Access probability of MO signalling(5%)", 0, 19, 19),
            "ACBARRINGFACTORFORMODATA": number("Access probability of MO data(5%)", 0, 19, 19),
        },
    ),
    ConfigurationObject(
        "CELLAUTOACBAR",
        "Cell Automatic Access Class Barring",
        {
            "AUTOACBARSWITCH": on_or_off("Automatic AC barring switch"),
            "ACTRIGGERTHD": number("AC trigger threshold(%)", 1, 100, 90, 95),
            "ACCANCELTHD": number("AC cancel threshold(%)", 0, 99, 70, 75),
        },
    ),
)

DIALECT = Dialect(
    platform="huawei_enb",
    transport="mml",
    prompts={"exec": ""},
    shows={
        "DSP CELL": _cells,
        "DSP S1INTERFACE": _s1,
        "DSP BRD": _boards,
        "LST ALMAF": alarms("eNodeB"),
        **commands(OBJECTS, ENODEB),
    },
    config=CONFIG,
    errors=UNKNOWN,
    sessions=2,
    log_line=UNSOLICITED,
)
