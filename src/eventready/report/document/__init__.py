"""A formal document: one model, the office's profile, and the renderers that all say the same words."""
