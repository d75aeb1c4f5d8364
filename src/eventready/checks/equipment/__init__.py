"""Checks of a device by itself: access, processor, environment, upkeep, services of a host."""
