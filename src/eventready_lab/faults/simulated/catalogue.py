"""Every fault type of the embedded lab by name; importing the modules registers their faults."""

from __future__ import annotations

from eventready_lab.faults.simulated import base_stations, chassis, paths, ports, routing, service_hosts, sessions, wifi
from eventready_lab.faults.simulated.target import FAULT_TYPES

__all__ = ["FAULT_TYPES", "base_stations", "chassis", "paths", "ports", "routing", "service_hosts", "sessions", "wifi"]
