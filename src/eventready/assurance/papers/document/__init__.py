"""Formal document: a single model, the office's profile, and renderers with identical text."""
