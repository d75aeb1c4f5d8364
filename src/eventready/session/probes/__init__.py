"""Probe streams and exchanges: requests to a service, by kind, and the interruptions measured."""
