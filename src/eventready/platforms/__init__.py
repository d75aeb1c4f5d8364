"""Platforms: a folder of data per kind of equipment, the shape of its files, and their loader."""
