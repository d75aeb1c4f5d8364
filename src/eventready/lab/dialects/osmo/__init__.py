"""OsmoBSC's words, by subject: the stations that it controls, and its configuration."""
