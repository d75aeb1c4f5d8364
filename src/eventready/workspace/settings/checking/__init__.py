"""Settings of checks: limits other than the defaults in `checks/`, waivers, common causes, demand."""
