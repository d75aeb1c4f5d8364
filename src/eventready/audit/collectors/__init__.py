"""Collectors of device results: threads, processes and clusters, with the same interface."""
