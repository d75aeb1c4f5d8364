"""A WiFi controller with IOS XE."""
