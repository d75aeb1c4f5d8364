"""A WiFi access host with Debian and hostapd."""
