"""A service host with Debian."""
