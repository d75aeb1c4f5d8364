"""Indented configuration, as of IOS, VRP or FRR: rules of levels, merge, and the printed form."""
