"""Commands of the group Workspace."""
