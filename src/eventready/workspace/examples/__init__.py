"""New workspaces from the example or from a skeleton, and remaining example data."""
