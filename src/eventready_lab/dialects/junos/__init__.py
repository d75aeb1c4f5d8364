"""Configuration, commit and answers of a Junos router."""
