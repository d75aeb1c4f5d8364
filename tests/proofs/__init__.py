"""Properties that hold for every failure of every network: prediction, audit, watch and capacity say the same."""
