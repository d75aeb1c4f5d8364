"""Faults of simulated and of real devices: type, arguments, errors."""
