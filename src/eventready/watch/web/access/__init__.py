"""Access to the pages: users, sessions, logins, limits, headers, origins (least roles: `watch/web/pages`)."""
