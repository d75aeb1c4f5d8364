"""The lab on real equipment software."""
