"""Incidents and their required notices."""
