"""Signed bundles: written by an operator, received and verified by the department."""
