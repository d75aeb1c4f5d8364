"""Facts: vendor-neutral records, and the way from the answers of a device to observations."""
