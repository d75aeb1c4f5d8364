"""Real WiFi: hostapd on mac80211_hwsim radios in a QEMU machine that runs Debian's own kernel.

wifi.lacking()                                  why it cannot run here; empty when it can
record, process = wifi.start(order, password)   boots it; the record is on disk before the machine is
wifi.ready(record)                              waits until all stations have joined
wifi.host_entry(record, order, user, password)  the workspace's entry for it; wifi.known_host(record) its key
wifi.make(record, fault, ap), wifi.clear(...)   a fault of wifi.FAULTS, made inside the machine over SSH
wifi.stop(folder, process)                      ends what the folder's record speaks of, whoever started it
"""

from __future__ import annotations

from eventready.lab.real.wifi.faults import FAULTS, alone, clear, make, stations
from eventready.lab.real.wifi.machine import PACKAGES, Order, Record, find, lacking, ready, start, stop
from eventready.lab.real.wifi.place import host_entry, known_host

__all__ = [
    "FAULTS", "PACKAGES", "Order", "Record", "alone", "clear", "find", "host_entry", "known_host", "lacking", "make",
    "ready", "start", "stations", "stop",
]  # fmt: skip
