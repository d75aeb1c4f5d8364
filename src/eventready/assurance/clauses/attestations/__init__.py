"""Attestations as stored: statement, files and rows of a form; the act itself is in `clauses/attesting.py`."""
