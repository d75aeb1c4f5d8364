"""Pages of the night, served to browsers: the wall, and the pages behind it."""
