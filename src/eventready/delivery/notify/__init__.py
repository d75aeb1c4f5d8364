"""Messages to people: channels, receivers of alerts, and the sender of the outbox."""
