"""Figures of a document as SVG: charts and the map of the network."""
