"""Plans: device plans, waves and partners, scope; `make` puts them together."""
