"""How each platform talks: one module per platform, each exporting `DIALECT`."""
