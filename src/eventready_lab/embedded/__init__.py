"""The embedded lab: every device of a workspace, simulated on loopback by a single process."""
