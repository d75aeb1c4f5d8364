"""Pages of the night for browsers: the wall, and the pages behind."""
