"""Settings of changes: approvals and waves, folders of intents, writable lines."""
