"""The schedule: the timetable of audits, drafts and reminders, its log, and units of systemd."""
