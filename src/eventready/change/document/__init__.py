"""The plan document: its parts, its model, its seal, and the plan file."""
