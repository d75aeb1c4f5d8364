"""Simulated devices: state, transports, shells and the server process."""
