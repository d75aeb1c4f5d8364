"""Nine rules of a roster, a module each. A rule maps a Case to its breaches."""
