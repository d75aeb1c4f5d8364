"""Commands of the group Papers."""
