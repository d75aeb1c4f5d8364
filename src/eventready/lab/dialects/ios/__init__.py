"""How IOS XE says things, by subject: the box, its ports, its routing, its configuration."""
