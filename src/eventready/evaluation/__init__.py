"""Evaluation of the checks: matrix of devices and checks, limits, waivers, verdicts, differences of runs."""
