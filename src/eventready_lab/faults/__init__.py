"""Faults of both labs: their one type, their arguments and errors."""
