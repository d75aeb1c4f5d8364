"""Plans: templates, device plans, order, approval, freeze."""
