"""Pages of the night: the wall, then venues, devices, findings, the timeline, the handover, and acts."""
