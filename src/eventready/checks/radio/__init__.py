"""Checks of radio: cells, sites, access points, their controllers and the demand on them."""
