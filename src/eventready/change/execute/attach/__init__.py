"""A change as a process of its own: its socket, its attached terminals, and the begin of the process."""
