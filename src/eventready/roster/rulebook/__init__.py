"""The nine rules of a roster, a module each. A rule takes a Case and says what breaks it."""
