"""Network as a graph: ways of each service to its origins, and losses by a failure."""
