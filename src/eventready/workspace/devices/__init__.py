"""Devices of hosts.yaml: access, venues, expectations, intents, cables, and their selection."""
