"""Changes on the terminal: plan, progress and result, dry run, rehearsal."""
