"""The network of the real lab: routers, base stations, WiFi and service hosts, with their addresses and files."""
