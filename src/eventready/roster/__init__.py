"""Who stands on duty when: rosters read, held against the rules, kept in versions, and handed on."""
