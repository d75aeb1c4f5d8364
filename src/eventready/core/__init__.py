"""Shared foundation, without an event: errors, messages, clock; rooms of text, files, the process, and redaction."""
