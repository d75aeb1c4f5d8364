"""A change without the devices: dry run, and there and back on a simulated twin."""
