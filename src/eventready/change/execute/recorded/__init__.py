"""Recorded configurations of a change, the target trees from them, and a mismatch with the workspace."""
