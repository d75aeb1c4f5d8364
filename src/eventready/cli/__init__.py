"""Command line: a module per command, in a package per group of the help page; no logic."""
