"""Map of the network: coordinates of boxes in given tiers and of the lines between them; drawn elsewhere."""
