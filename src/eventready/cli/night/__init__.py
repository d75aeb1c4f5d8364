"""Commands of the night of the event: continuous reading."""
