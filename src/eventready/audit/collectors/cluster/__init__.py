"""Collector of a cluster: workers in the networks of the devices, and a scheduler to which all dial out."""
