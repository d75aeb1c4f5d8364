"""SSH: connection, host, user and algorithms, over the byte streams of `wire`; no text of a terminal."""
