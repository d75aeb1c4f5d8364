"""Earlier place of `eventready_lab.entry.twin`."""

from eventready_lab.entry.twin import lab_twin

__all__ = ["lab_twin"]
