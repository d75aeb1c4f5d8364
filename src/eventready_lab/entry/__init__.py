"""Entry points of the product: the lab as the network of a drill, and simulated twins of given configurations."""
