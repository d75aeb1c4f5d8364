"""Planned works: notices of providers read, kept in the workspace, and answered."""
