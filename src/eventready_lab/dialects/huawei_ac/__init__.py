"""A WiFi controller with VRP."""
