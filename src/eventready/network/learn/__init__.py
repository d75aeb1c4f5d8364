"""Proposals for expectations, by kind, from facts; a person accepts them."""
