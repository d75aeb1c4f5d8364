"""Continuous reading of the network: changes of state, ages, causes, key figures (limits: those of `checks/`)."""
