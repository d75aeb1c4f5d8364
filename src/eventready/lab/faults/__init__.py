"""Everything that can go wrong in the lab, one module per domain. `FAULTS` knows them all.

The first line of each docstring is what `lab fault --list` shows.
"""

from __future__ import annotations

from eventready.lab.fault import FAULTS
from eventready.lab.faults import base_stations, box, ports, routing, wifi, wire

__all__ = ["FAULTS", "base_stations", "box", "ports", "routing", "wifi", "wire"]
