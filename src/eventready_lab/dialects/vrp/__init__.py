"""VRP by subject: ports, routing, configuration, trial commit, wireless."""
