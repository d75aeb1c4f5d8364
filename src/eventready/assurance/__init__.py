"""Assurance for an authority: clauses, rosters, incidents, papers, delivery."""
