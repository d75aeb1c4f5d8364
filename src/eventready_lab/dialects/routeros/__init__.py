"""Export, safe mode and answers of a RouterOS router."""
