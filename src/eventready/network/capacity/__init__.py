"""Demand of an event against the supply of its network: formulas, calculation, additions."""
