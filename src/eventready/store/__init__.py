"""Records in the database: runs and evidence, changes and their locks; rooms for connection, streams and integrity."""
