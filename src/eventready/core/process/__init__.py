"""The present process and its children: limits, confinement, garbage collection, notices to systemd."""
