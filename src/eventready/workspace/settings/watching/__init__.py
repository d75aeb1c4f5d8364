"""Settings of the night: intervals of a watch, routes of its alerts, server of its pages."""
