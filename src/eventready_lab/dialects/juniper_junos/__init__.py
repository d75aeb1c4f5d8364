"""A router with Junos: `set` lines, a candidate, and a commit on trial."""
