"""Performance files of simulated base stations: counters of cells per period, as an element manager exports them."""
