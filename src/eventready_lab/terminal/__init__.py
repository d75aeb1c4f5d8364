"""A command line as an operator sees it: echo, editing, modes, paging, questions; for any connection."""
