"""Checks: a domain per package, a pure function per check, and the findings; evaluation is above."""
