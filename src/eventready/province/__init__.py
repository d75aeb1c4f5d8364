"""Provincial report: the bundles of all operators, merged."""
