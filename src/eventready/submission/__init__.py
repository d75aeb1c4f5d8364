"""Papers on their way: their files and mails, and the schedule of audits, drafts and reminders."""
