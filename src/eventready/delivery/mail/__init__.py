"""Mail: drafts, letters, sending by SMTP, and the record of deliveries."""
