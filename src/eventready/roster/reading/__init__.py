"""Reading of rosters: spreadsheets and CSV as engineers write them, to people, shifts and phones."""
