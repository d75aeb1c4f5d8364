"""Formal document: the model with its sources, and the office's profile; rooms for figures and renderers."""
