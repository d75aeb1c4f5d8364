"""Safety of a change: forbidden lines, lines outside an intent, the kept way in, freeze, approval."""
