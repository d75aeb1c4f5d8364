"""How papers leave the house and come in: drafts, sending and what was sent, the timetable, signed bundles."""
