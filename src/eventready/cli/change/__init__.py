"""Commands of the group Change."""
