"""Shared foundation: errors, clock, atomic files, redaction, masking, messages."""
