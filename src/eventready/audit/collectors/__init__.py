"""Collectors of device results: threads, processes and the machines of a cluster, behind one interface."""
