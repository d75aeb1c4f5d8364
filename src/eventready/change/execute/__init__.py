"""Execution of a plan on its devices: change, executor, resume, rollback, release."""
