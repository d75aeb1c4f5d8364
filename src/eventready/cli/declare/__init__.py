"""Declarations of the commands by section: options and help, without the work."""
