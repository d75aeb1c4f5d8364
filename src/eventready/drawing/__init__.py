"""Shapes, charts and letter widths: drawings as SVG for papers, maps and pages."""
