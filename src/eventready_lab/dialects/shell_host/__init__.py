"""Answers shared by all Linux hosts, for any service."""
