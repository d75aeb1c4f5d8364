"""Spreadsheets of a workspace: their layout, and spellings of titles, headers and values."""
