"""Failures made on purpose, with the interruption of the services measured."""
