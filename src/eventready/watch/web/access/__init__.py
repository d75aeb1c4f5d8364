"""Access to the pages: keys, cookies, entries, limits, headers, origins (least roles: `watch/web/pages`)."""
