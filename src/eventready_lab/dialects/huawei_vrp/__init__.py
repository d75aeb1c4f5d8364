"""A router or switch with VRP 5 or VRP 8."""
