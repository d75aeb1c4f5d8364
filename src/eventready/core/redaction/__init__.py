"""Redaction of secrets and masking of personal data: the only sink for text from devices."""
