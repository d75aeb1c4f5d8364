"""Formal document: the model, its sources, the office's profile (outline, texts); rooms for the output."""
