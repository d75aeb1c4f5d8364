"""Recovery of a change: after a crash, of a stuck device, and of a partial atomic change."""
