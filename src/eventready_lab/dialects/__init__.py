"""The platforms of the simulated devices: a folder per platform, with its `DIALECT` in `dialect.py`."""
