"""Alerts of a watch: acts of people, routes, groups of notifications, and the dispatcher."""
