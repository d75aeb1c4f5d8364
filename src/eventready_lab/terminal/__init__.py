"""Command line of a device towards an operator: echo, editing, modes, paging, questions; for any connection."""
