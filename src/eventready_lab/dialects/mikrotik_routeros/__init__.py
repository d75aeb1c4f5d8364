"""A router with RouterOS."""
