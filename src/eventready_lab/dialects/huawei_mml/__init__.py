"""A GSM base-station controller behind MML."""
