"""Every fault type of the real lab by name; importing the modules registers their faults."""

from __future__ import annotations

from eventready_lab.real.faults import base_stations, paths, routers, service_hosts, sessions, wifi
from eventready_lab.real.faults.target import REAL_FAULT_TYPES

__all__ = ["REAL_FAULT_TYPES", "base_stations", "paths", "routers", "service_hosts", "sessions", "wifi"]
