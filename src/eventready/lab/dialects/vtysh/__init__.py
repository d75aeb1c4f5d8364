"""How vtysh says things: its JSON, and its configuration."""
