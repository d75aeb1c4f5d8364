"""Types of stored records, and their JSON."""
