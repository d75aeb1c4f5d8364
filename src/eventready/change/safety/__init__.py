"""Safety of a change: forbidden lines, lines outside an intent, the way in, freeze, approval."""
