"""The configurations of a simulated device: trees of lines, their grammar, their stores and differences."""
