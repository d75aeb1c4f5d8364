"""Configuration trees, their printed forms, and the differences between them."""
