"""Dialogue with a terminal, from the login to the last line of an answer."""
