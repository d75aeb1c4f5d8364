"""IOS XE by subject: chassis, ports, routing, configuration, wireless."""
