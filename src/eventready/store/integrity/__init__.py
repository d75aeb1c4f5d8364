"""Integrity of the stored runs: verification of the chain, signed heads, pruning without a break."""
