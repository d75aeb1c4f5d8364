"""Continuous reading of the network: changes of state, with their ages and causes, beside the last full audit."""
