"""The faults of the embedded lab: changes of the state of a device, or of its sessions."""
