"""Earlier place of `eventready_lab.entry.drill_target`."""

from eventready_lab.entry.drill_target import lab_target

__all__ = ["lab_target"]
