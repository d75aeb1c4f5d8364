"""Connection to the database, its tables, and its errors as sentences."""
