"""Real WiFi: hostapd on mac80211_hwsim radios in a QEMU machine with Debian's kernel.

wifi.unmet_requirement()                          the reason why it cannot run here; empty when it can
record, process = wifi.start(options, password)   boots the machine, whose record is on disk before
wifi.ready(record)                                waits until all stations are associated
wifi.host_entry(record, options, user, password)  the inventory entry; wifi.known_host(record) the host key
wifi.make(record, fault, ap), wifi.clear(...)     a fault of wifi.RADIO_FAULTS, made inside the machine over SSH
wifi.stop(folder, process)                        ends the recorded machine of a folder
"""

from __future__ import annotations

from eventready_lab.real.province.wifi.inventory_entry import host_entry, known_host
from eventready_lab.real.province.wifi.machine import (
    PACKAGES,
    MachineOptions,
    MachineRecord,
    find,
    ready,
    start,
    stop,
    unmet_requirement,
)
from eventready_lab.real.province.wifi.radio_faults import RADIO_FAULTS, clear, make, stations

__all__ = [
    "PACKAGES", "RADIO_FAULTS", "MachineOptions", "MachineRecord", "clear", "find", "host_entry", "known_host",
    "make", "ready", "start", "stations", "stop", "unmet_requirement",
]  # fmt: skip
