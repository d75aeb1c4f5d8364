"""Connections to a simulated device: SSH, telnet, MML over TCP, and the shell of its host."""
