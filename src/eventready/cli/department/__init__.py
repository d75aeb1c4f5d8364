"""Commands of the group Department."""
