"""Attestations as stored: statement, files, rows of a form; the act is in `clauses/attesting.py`."""
