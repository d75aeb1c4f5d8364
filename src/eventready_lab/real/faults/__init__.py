"""Faults of real equipment software, under the names and arguments of the simulated faults."""
