"""Material of papers: runs, findings, drills and records, arranged and put into words; no blocks yet."""
