"""Configuration changes: intents, plans, guarded execution and rollback."""
