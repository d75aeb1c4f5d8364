"""Faults of the real lab, under the names and arguments of the embedded lab's faults."""
