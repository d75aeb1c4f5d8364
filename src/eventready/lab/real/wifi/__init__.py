"""Real WiFi: hostapd on mac80211_hwsim radios in a QEMU machine that runs Debian's own kernel.

wifi.lacking()                            why it cannot run here; empty when it can
wifi.start(Order(folder, cache), owner)   boots it; the record is on disk before the machine is
wifi.stop(folder)                         ends what the record speaks of, whoever started it
wifi.host_entry(order, password)          the workspace's entry for it
wifi.make(record, fault, ap)              a fault, made inside the machine over SSH
"""

from __future__ import annotations

from eventready.lab.real.wifi.faults import FAULTS, clear, make
from eventready.lab.real.wifi.machine import Order, Record, find, lacking, ready, start, stop
from eventready.lab.real.wifi.place import host_entry, known_host

__all__ = [
    "FAULTS", "Order", "Record", "clear", "find", "host_entry", "known_host", "lacking", "make", "ready", "start",
    "stop",
]  # fmt: skip
