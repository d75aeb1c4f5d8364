"""Commands of the group Audit."""
