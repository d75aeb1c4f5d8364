"""Handover settings of OsmoBSC 1.13."""

from __future__ import annotations

#: The handover settings with their values and defaults.
HANDOVER = {
    r"handover": ("[01]", "0"),
    r"handover algorithm": ("[12]", "1"),
    r"handover1 window rxlev averaging": (r"[1-9]|10", "10"),
    r"handover1 window rxqual averaging": (r"[1-9]|10", "1"),
    r"handover1 window rxlev neighbor averaging": (r"[1-9]|10", "10"),
    r"handover1 power budget interval": (r"[1-9]\d?", "6"),
    r"handover1 power budget hysteresis": (r"\d{1,3}", "3"),
    r"handover1 maximum distance": (r"\d{1,4}", "9999"),
    r"handover2 window rxlev averaging": (r"[1-9]|10", "10"),
    r"handover2 window rxqual averaging": (r"[1-9]|10", "1"),
    r"handover2 window rxlev neighbor averaging": (r"[1-9]|10", "10"),
    r"handover2 power budget interval": (r"[1-9]\d?", "6"),
    r"handover2 power budget hysteresis": (r"\d{1,3}", "3"),
    r"handover2 maximum distance": (r"\d{1,4}", "9999"),
    r"handover2 assignment": ("[01]", "0"),
    r"handover2 tdma-measurement": ("auto|full|subset", "auto"),
    r"handover2 min rxlev": (r"-(?:[5-9]\d|10\d|110)", "-100"),
    r"handover2 min rxqual": ("[0-7]", "5"),
    r"handover2 afs-bias rxlev": (r"1?\d|20", "0"),
    r"handover2 afs-bias rxqual": ("[0-7]", "0"),
    r"handover2 min-free-slots tch/f": (r"\d{1,4}", "0"),
    r"handover2 min-free-slots tch/h": (r"\d{1,4}", "0"),
    r"handover2 max-handovers": (r"[1-9]\d{0,3}", "9999"),
    r"handover2 penalty-time max-distance": (r"\d{1,5}", "300"),
    r"handover2 penalty-time failed-ho": (r"\d{1,5}", "60"),
    r"handover2 penalty-time failed-assignment": (r"\d{1,5}", "60"),
    r"handover2 penalty-time low-rxqual-assignment": (r"\d{1,5}", "60"),
    r"handover2 penalty-time low-rxqual-ho": (r"\d{1,5}", "60"),
    r"handover2 retries": (r"\d", "0"),
}
