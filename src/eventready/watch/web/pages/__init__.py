"""Pages of the night: the wall, and behind it venues, devices, findings, timeline, handover, acts."""
