"""Earlier place of `eventready_lab.faults.simulated.catalogue`."""

from eventready_lab.faults.simulated.catalogue import FAULT_TYPES

__all__ = ["FAULT_TYPES"]
