"""A change as a process of its own: its socket, the terminals attached to it, and the begin of the process."""
