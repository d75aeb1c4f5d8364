"""Bytes to and from a device: TCP, telnet, proxy commands, limits of sessions; no SSH and no terminal."""
