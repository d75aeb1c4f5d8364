"""Performance files of radio networks: counters per cell and period, by layouts as data."""
