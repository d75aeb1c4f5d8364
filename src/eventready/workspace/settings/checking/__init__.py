"""Settings of checks: limits, waivers, common causes of failure, demand and supply."""
