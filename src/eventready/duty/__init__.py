"""What the letter demands clause by clause: how each stands, what people sign for, what is due, and incidents."""
