"""OsmoBSC by subject: base stations and configuration."""
