"""Performance files of radio networks: counters per cell and period, read by layouts that are data."""
