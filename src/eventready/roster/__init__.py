"""Duty rosters: reading, checking against the rules, versions, and export."""
