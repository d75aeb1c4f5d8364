"""Papers by kind: readiness, weekly, final and others; an office's outline and texts: `papers/document`."""
