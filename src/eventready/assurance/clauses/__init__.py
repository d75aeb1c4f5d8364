"""Clauses of the letter: states, attestations, deadlines and incidents."""
