"""Access to the pages: users, sessions, logins, limits of clients, headers, origin of requests."""
