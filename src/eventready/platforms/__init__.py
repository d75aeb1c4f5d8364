"""Platforms: a data folder each (answers: `facts.yaml`; parsers: `facts/parsing`), their shape, the loader."""
