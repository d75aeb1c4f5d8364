"""Outputs of real equipment and the project's samples: how much of them is read, and whether it is right."""
