"""Parsers: the text of an answer to rows of columns, and rows to records; patterns with bounded costs."""
