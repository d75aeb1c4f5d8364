"""SSH: connection (also through a jump host), host, user and algorithms, over the byte streams of `wire`."""
