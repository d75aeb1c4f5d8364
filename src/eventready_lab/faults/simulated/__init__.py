"""Faults of simulated devices: changes of the state of a device, or of its sessions."""
