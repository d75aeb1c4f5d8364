"""Export of the inventory: rows of the sheets, workbooks and CSV files."""
