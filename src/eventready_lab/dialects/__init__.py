"""The dialects: a module per platform, each with its `DIALECT`."""
