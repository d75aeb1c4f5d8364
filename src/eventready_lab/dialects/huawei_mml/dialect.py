"""MML reports and configuration objects of a Huawei BSC6000 or BSC6900 (BSC6000 MML reference, V900R008C15).

The BSC6000 uses `MOD CELLCHMGAD: IDXTYPE=BYIDX, CELLIDX=3, ...`, the BSC6900 `SET GCELLCHMGAD: IDTYPE=BYID, CELLID=3,
...`; the simulated element knows both.
"""

from __future__ import annotations

from eventready_lab.device.dialect import Dialect, MmlReport
from eventready_lab.device.state import CellState
from eventready_lab.device.view import View
from eventready_lab.dialects.huawei_mml.objects import (
    BSC6000,
    BSC6900,
    CONFIG,
    ConfigurationObject,
    commands,
    flags,
    number,
    yes_or_no,
)
from eventready_lab.dialects.huawei_mml.reports import UNKNOWN, UNSOLICITED, alarms, table, yes

_SITE = (
    *("Site Index", "Site Name", "Cell Initialized", "Blocked Automatically", "Channel Fault", "Main BCCH Mutual Aid"),
    *("Baseband FH Mutual Aid", "Channel Type Changed", "Blocked Manually", "Frequency Scanning", "Alarm Shielded"),
    *("Normal OML", "BTS Initialized", "Local Management Rights", "Board Fault", "Board Not Configured"),
    "Alarm Generated",
)
_CELL = (
    *("Cell Index", "Cell Name", "Cell Initialized", "Blocked Automatically", "Channel Fault", "Main BCCH Mutual Aid"),
    *("Baseband FH Mutual Aid", "Channel Type Changed", "Blocked Manually", "Frequency Scanning"),
)


def _sites(view: View) -> str | MmlReport:
    rows = []
    for site in view.state.sites:
        managed, whole = site.link != "down", site.link == "up"
        cells = any(_serving(view, cell) for cell in view.state.cells if cell.site == site.name)
        answers = (cells, 0, 0, 0, 0, 0, 0, 0, 0, managed, whole, 0, 0, 0, not whole)
        rows.append([str(site.number), site.name, *map(yes, answers)])
    return table("DSP BTSSTAT Result", _SITE, rows)


def _serving(view: View, cell: CellState) -> bool:
    link = next((site.link for site in view.state.sites if site.name == cell.site), "up")
    return link == "up" and cell.up and not cell.blocked


def _cells(view: View) -> str | MmlReport:
    rows = []
    for cell in view.state.cells:
        answers = (_serving(view, cell), 0, 0, 0, 0, 0, cell.blocked, 0)
        rows.append([str(cell.number), cell.name, *map(yes, answers)])
    return table("DSP CELLSTAT Result", _CELL, rows)


_SPEECH = "Full_rate_Ver1 Full_rate_Ver2 Full_rate_Ver3 Half_rate_Ver1 Half_rate_Ver2 Half_rate_Ver3"

#: The configuration objects of every cell.
OBJECTS = (
    ConfigurationObject(
        "CELLCHMGAD",
        "Channel Management Advanced Parameters",
        {
            "TCHBUSYTHRES": number("TCH Traffic Busy Threshold(%)", 0, 100, 80, 85, 90),
            "LOADSHAREALLOW": yes_or_no("Load Sharing Allowed", "NO", "YES"),
            "AMRTCHHPRIORLOAD": number("AMR TCH/H Prior Cell Load Threshold(%)", 0, 99, 55, 75),
        },
    ),
    ConfigurationObject(
        "CELLHOBASIC",
        "Handover Basic Parameters",
        {
            "LOADHOEN": yes_or_no("Load Handover Allowed", "NO", "YES"),
            "TRIGTHRES": number("Load HO. Threshold(%)", 0, 100, 85),
            "LOADACCTHRES": number("Load HO. Access Threshold(%)", 0, 100, 75),
        },
    ),
    ConfigurationObject(
        "CELLBASICPARA",
        "Cell Basic Parameters",
        {
            "DIRECTRYEN": yes_or_no("Directed Retry", "NO", "YES"),
            "CRH": number("Cell Reselection Hysteresis", 0, 7, 2, 3),
        },
    ),
    ConfigurationObject(
        "CELLIDLEBASIC",
        "Idle Mode Basic Parameters",
        {
            "CRO": number("Cell Reselect Offset", 0, 63, 0, 1, 2),
            "TX": number("Tx-integer", 3, 50, 20, 32),
            "MAXRETRANS": number("MS MAX Retrans", 1, 7, 4, 7),
            "COMMACC": flags("Common Access Control Class", " ".join(f"L{n}_FORBID" for n in range(10))),
            "SPECACC": flags("Special Access Control Class", " ".join(f"L{n}_FORBID" for n in range(11, 16))),
            "EC": yes_or_no("Emergent Call Enable", "YES"),
        },
    ),
    ConfigurationObject(
        "CELLCCBASIC",
        "Call Control Basic Parameters",
        {"ALLOWEMLPP": yes_or_no("Allow EMLPP", "NO", "YES"), "PREEMPTEN": yes_or_no("Allow Preemption", "NO")},
    ),
    ConfigurationObject(
        "CELLCCACCESS",
        "Call Control Access Parameters",
        {"VOICEVER": flags("Speech Version", _SPEECH, "Full_rate_Ver1", "Full_rate_Ver2", "Half_rate_Ver1")},
    ),
)

DIALECT = Dialect(
    platform="huawei_mml",
    transport="mml",
    prompts={"exec": ""},
    shows={
        "DSP BTSSTAT": _sites,
        "DSP CELLSTAT": _cells,
        "LST ALMAF": alarms("BSC6900"),
        **commands(OBJECTS, BSC6000, BSC6900),
    },
    errors=UNKNOWN,
    config=CONFIG,
    sessions=2,
    log_line=UNSOLICITED,
)
