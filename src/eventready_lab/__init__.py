"""Networks to rehearse on: simulated devices on loopback, or real router, base-station and WiFi software."""
