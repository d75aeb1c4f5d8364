"""Files on disk for every floor: atomic writes, private folders, confinement and allowed content of a workspace."""
