"""FRR by subject: JSON tables, configuration, host."""
