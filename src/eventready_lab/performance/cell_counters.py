"""Counters of the cells of a simulated controller or site in a period, from the state on its console.

A cell has one state in a period, that of the end of the period.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from eventready_lab.device.device import SimulatedDevice
from eventready_lab.device.state import CellState
from eventready_lab.dialects.osmocom_bsc.stations import bts_list

#: Platforms of LTE sites; cells of other platforms are of GSM.
_LTE = ("huawei_enb",)
#: Kinds of channels for traffic and for signalling.
_TRAFFIC, _SIGNALLING = ("TCH/F", "TCH/H"), ("SDCCH8", "CCCH+SDCCH4")
#: Largest number of connected users, of their mean.
_PEAK = 1.25
#: One of so many attempts fails without a refusal; one of so many connections is lost.
_FAILED, _LOST = 400, 500
#: Mbit/s of a user in an empty cell, and in a full one.
_FAST, _SLOW = 25.0, 1.0
#: Share of the uplink in use, of that of the downlink; blocks of a cell of 20 MHz.
_UPLINK, _BLOCKS = 0.9, 100
_NOISE_DBM = -112


@dataclass(frozen=True)
class CellLoad:
    """Load of a cell in a period. `traffic`, `signalling`: channels in use, and all.

    `users`: mean connected ones of an LTE cell. `attempts` and `refused`: connections tried in the period, and those
    refused for want of room.
    """

    device: str
    number: int
    name: str
    lte: bool
    serving: bool
    suspect: bool
    traffic: tuple[int, int]
    signalling: tuple[int, int]
    users: int
    attempts: int
    refused: int

    @property
    def share(self) -> float:
        """Share of the traffic channels in use, 0 to 1."""
        used, total = self.traffic
        return used / total if total else 0.0

    @property
    def successes(self) -> int:
        """Attempts neither refused nor failed."""
        admitted = self.attempts - self.refused
        return admitted - admitted // _FAILED

    @property
    def kbit_per_s(self) -> int:
        """Rate of a user in the downlink."""
        return round(1000 * (_FAST - (_FAST - _SLOW) * self.share))


def loads(device: SimulatedDevice, seconds: int) -> Iterator[CellLoad]:
    """Yield the load of every cell of a controller or site in a period of so many seconds."""
    if device.dialect.platform == "osmocom_bsc":
        known = {cell.name for cell in device.state.cells}
        connected = device.connected if device.configured is not None else None
        for one in bts_list(device.state, device.configured, connected):
            if one.cell.name in known:
                yield _load(device, one.cell, seconds, one.load, serving=one.serving, refuses=one.refuses)
        return
    links = {site.name: site.link for site in device.state.sites}
    for cell in device.state.cells:
        serving = cell.serving and links.get(cell.site, "up") == "up"
        yield _load(device, cell, seconds, cell.channels, serving=serving)


def _load(
    device: SimulatedDevice,
    cell: CellState,
    seconds: int,
    channels: Mapping[str, tuple[int, int]],
    *,
    serving: bool,
    refuses: bool = True,
) -> CellLoad:
    attempts = round(cell.request_rate * seconds) if serving else 0
    refused = min(attempts, round(cell.refused_rate * seconds)) if refuses else 0
    return CellLoad(
        device.state.name, cell.number, cell.name, device.dialect.platform in _LTE, serving, cell.suspect,
        _sum(channels, _TRAFFIC, serving=serving), _sum(channels, _SIGNALLING, serving=serving),
        cell.users if serving else 0, attempts, refused,
    )  # fmt: skip


def _sum(channels: Mapping[str, tuple[int, int]], kinds: tuple[str, ...], *, serving: bool) -> tuple[int, int]:
    found = [channels.get(kind, (0, 0)) for kind in kinds]
    return sum(used for used, _total in found) if serving else 0, sum(total for _used, total in found)


def standard_counters(load: CellLoad, seconds: int) -> Mapping[str, int]:
    """Counters of a cell by the names of TS 32.425 (LTE) and TS 52.402 (GSM)."""
    if not load.lte:
        full = load.signalling[0] >= load.signalling[1] > 0
        return {
            "attTCHSeizures": load.attempts,
            "succTCHSeizures": load.successes,
            "attTCHSeizuresMeetingTCHBlockedState": load.refused,
            "meanNbrOfBusyTCHs": load.traffic[0],
            "nbrOfLostRadioLinksTCH": load.successes // _LOST,
            "attSDCCHSeizures": load.attempts,
            "attSDCCHSeizuresMeetingSDCCHBlockedState": load.refused if full else 0,
        }
    blocks = int(100 * load.share)
    busy_ms = 100 * load.users * seconds
    return {
        "RRU.CellUnavailableTime": 0 if load.serving else seconds,
        "RRC.ConnEstabAtt.sum": load.attempts,
        "RRC.ConnEstabSucc.sum": load.successes,
        "RRC.ConnEstabFaileNBCause.Congestion": load.refused,
        "ERAB.EstabInitAttNbr.sum": load.successes,
        "ERAB.EstabInitSuccNbr.sum": load.successes - load.successes // _FAILED,
        "ERAB.RelActNbr.sum": load.successes // _LOST,
        "ERAB.SessionTimeUE": load.users * seconds,
        "HO.InterEnbOutAtt.sum": load.successes // 10,
        "HO.InterEnbOutSucc.sum": load.successes // 10 - load.successes // 10 // _FAILED,
        "RRC.ConnMean": load.users,
        "RRC.ConnMax": round(_PEAK * load.users),
        "RRU.PrbTotDl": blocks,
        "RRU.PrbTotUl": int(_UPLINK * blocks),
        "DRB.IPVolDl": load.kbit_per_s * busy_ms // 1000,
        "DRB.IPTimeDl": busy_ms,
        "PAG.ReceivedNbr": load.attempts,
        "PAG.DiscardedNbr": load.refused,
    }


def vendor_counters(load: CellLoad, seconds: int) -> Mapping[str, float]:
    """Counters of an LTE cell by the names of layout `huawei_csv`."""
    blocks = int(_BLOCKS * load.share)
    lost = load.successes // _LOST
    return {
        "L.Cell.Avail.Dur": seconds if load.serving else 0,
        "L.RRC.ConnReq.Att": load.attempts,
        "L.RRC.ConnReq.Succ": load.successes,
        "L.RRC.SetupFail.Rej": load.refused,
        "L.RRC.SetupFail.ResFail": 0,
        "L.E-RAB.AttEst": load.successes,
        "L.E-RAB.SuccEst": load.successes - load.successes // _FAILED,
        "L.E-RAB.AbnormRel": lost,
        "L.E-RAB.NormRel": load.successes - lost,
        "L.E-RAB.AbnormRel.QCI.1": lost // 10,
        "L.E-RAB.NormRel.QCI.1": (load.successes - lost) // 10,
        "L.ChMeas.PRB.DL.Used.Avg": blocks,
        "L.ChMeas.PRB.DL.Avail": _BLOCKS,
        "L.ChMeas.PRB.UL.Used.Avg": int(_UPLINK * blocks),
        "L.ChMeas.PRB.UL.Avail": _BLOCKS,
        "L.Traffic.User.Avg": load.users,
        "L.Traffic.User.Max": round(_PEAK * load.users),
        "L.Thrp.bits.DL": 1000 * load.kbit_per_s * load.users * seconds,
        "L.Thrp.bits.DL.LastTTI": 0,
        "L.Thrp.Time.DL.RmvLastTTI": 1000 * load.users * seconds,
        "L.UL.Interference.Avg": _NOISE_DBM,
        "L.Paging.Dis.Num": load.refused,
    }
