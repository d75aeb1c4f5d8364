"""A router with IOS XE."""
