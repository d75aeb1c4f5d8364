"""Documentation site: reference pages from the code, floors as SVG, and the configuration of Zensical."""
