"""Files about the event: event.yaml with changes and mail, clauses, forms, limits, waivers, writable lines."""
