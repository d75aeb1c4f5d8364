"""Files about the event: event.yaml, clauses, forms, dates; rooms for changes, checks and the watch."""
