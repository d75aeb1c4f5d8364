"""Rows beside the runs: journals, series of values, current values, outbox of messages to people."""
