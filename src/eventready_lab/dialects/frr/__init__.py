"""A Linux router with FRRouting behind vtysh."""
