"""The lab of real equipment software: its start, its faults, its end."""
