"""YAML files with the line of every value, dates in them, and sentences about invalid ones."""
