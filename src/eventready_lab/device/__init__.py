"""A simulated device without its sessions: state, configuration, dialect, counters, timers."""
