"""Clauses of the letter: states, proofs, documents and deadlines."""
