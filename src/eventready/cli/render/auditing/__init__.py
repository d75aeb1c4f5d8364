"""A run on the terminal, and for other programs: JUnit XML and SARIF."""
