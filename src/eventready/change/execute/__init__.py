"""Execution of a plan on its devices: guard, verification, resume, rollback."""
