"""Secrets and keys: references, signing keys, the key of recorded configurations."""
