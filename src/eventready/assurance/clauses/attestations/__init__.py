"""Attestations as stored: statement, files, rows of a form; the act is in `assurance/clauses/attesting.py`."""
