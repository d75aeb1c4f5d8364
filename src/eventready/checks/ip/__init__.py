"""Checks of the IP network: ports, optics, bundles, links, routing, gateways."""
