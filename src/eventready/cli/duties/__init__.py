"""Commands of the group Duties."""
