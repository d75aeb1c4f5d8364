"""Papers by kind: readiness, weekly, final, plan, incident, drill, duty list."""
