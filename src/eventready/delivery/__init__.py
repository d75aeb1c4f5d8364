"""Delivery of papers: drafts, sending, records of deliveries, the timetable, signed bundles."""
