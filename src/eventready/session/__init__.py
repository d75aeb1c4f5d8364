"""Sessions with devices: target, connection, login and answers, whatever the way in."""
