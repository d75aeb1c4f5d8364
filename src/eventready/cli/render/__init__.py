"""Terminal output: tables, progress, runs and plans."""
