"""A GSM base-station controller with OsmoBSC behind its VTY."""
